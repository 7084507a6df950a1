import type { ManifestFile } from './corpus.ts';

const HEAD = 'apiVersion: v1\nkind: Pod\nmetadata:\n  name: x\n';
const ASKS = `${HEAD}  labels: {site-follower/inject: "true"}\n`;
const SPEC = 'spec:\n  containers:\n  - {name: a, image: b}\n';
const LABELS = '"labels":{"site-follower/inject":"true"}';

/** What people wrote and programs stumbled over. */
const TEXTS: Readonly<Record<string, string>> = {
  'doubled keys': `${ASKS}  labels: {app: "x", site-follower/inject: "true"}\nspec: {}\n${SPEC}`,
  'a doubled key within': `${ASKS}spec:\n  volumes: []\n  containers:\n  - {name: a, image: b}\n  volumes:\n  - {name: v, emptyDir: {}}\n`,
  'many uses of an anchor':
    `${ASKS}${SPEC}    env:\n    - &e {name: A, value: "1"}\n${'    - *e\n'.repeat(150)}`.replace(
      '- {name: a, image: b}',
      '- name: a\n    image: b',
    ),
  'a pod merged from another': `apiVersion: v1\nkind: List\nitems:\n- &base\n  apiVersion: v1\n  kind: Pod\n  metadata: {name: x, labels: {site-follower/inject: "true"}}\n  spec:\n    containers: [{name: a, image: b}]\n- <<: *base\n  metadata: {name: other, labels: {app: b}}\n`,
  'merged labels': `${HEAD}  annotations: &a {app: x}\n  labels:\n    <<: *a\n    site-follower/inject: "true"\n${SPEC}`,
  'a merged map that says more than a key before it': `${HEAD}  annotations: &a {site-follower/inject: "true"}\n  labels:\n    site-follower/inject: "false"\n    <<: *a\n${SPEC}`,
  'shared annotations': `${HEAD}  labels: &l\n    site-follower/inject: "true"\n  annotations: *l\n${SPEC}`,
  'an anchor that is named again': `${HEAD}  labels: &l {site-follower/inject: "true"}\n  annotations: *l\nspec:\n  nodeSelector: &l {a: b}\n  containers:\n  - {name: a, image: b, args: [x]}\n  overhead: *l\n`,
  'explicit keys': `${HEAD}  ? labels\n  : ? site-follower/inject\n    : "true"\n${SPEC}`,
  tags: `${HEAD}  labels: !!map\n    site-follower/inject: !!str true\n    n: !!str 0o400\n${SPEC}`,
  'an address that ends in colons': `${ASKS}${SPEC}  hostAliases:\n  - {ip: "::1", hostnames: [fd00::]}\n`,
  'lists in lists': `apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: w}\nspec:\n- - - a\n    - b\n- - {c: [d]}\n---\n${ASKS}${SPEC}`,
  'dashes apart from what they lead': `${ASKS}spec:\n  containers:\n  -\n    name: a\n    image: b\n  -   name: c\n      image: d\n`,
  'braces over lines, too far left': `apiVersion: v1\nkind: Pod\nmetadata: {\nname: x,\n  labels: {\n  site-follower/inject: "true"}}\nspec: {\n  containers: [\n  {name: a, # the one\n  image: b\n  }\n]\n}\n`,
  'braces with a comma at the end': `${ASKS}spec: {containers: [{name: a, image: b,},],}\n`,
  'a block of text at the end without a newline': `${ASKS}${SPEC}    args:\n    - |\n      text`.replace(
    '- {name: a, image: b}',
    '- name: a\n    image: b',
  ),
  'a kept block of text at the end': `${ASKS}${SPEC}    args:\n    - |+\n      text\n\n\n`.replace(
    '- {name: a, image: b}',
    '- name: a\n    image: b',
  ),
  'comments alone': '# nothing\n---\n# here\n---\n',
  'no pod asks': `${HEAD}${SPEC}`,
  'objects without a newline between': `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c"}}{"apiVersion":"v1","kind":"Pod","metadata":{"name":"x",${LABELS}},"spec":{"containers":[{"name":"a","image":"b"}]}}`,
  'objects with dashes between': `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c"}}\n---\n{"apiVersion":"v1","kind":"Pod","metadata":{"name":"x",${LABELS}},"spec":{"containers":[{"name":"a","image":"b"}]}}\n`,
  'an object with a doubled key': `{"apiVersion":"v1","kind":"Pod","spec":{},"metadata":{"name":"x",${LABELS}},"spec":{"containers":[{"name":"a","image":"b"}]}}\n`,
  'an object with escapes': `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"x",${LABELS},"annotations":{"\\u0061\\/b":"\\ud83d\\ude00 \\u2028"}},"spec":{"containers":[{"name":"a","image":"b"}]}}\n`,
  'numbers that a double would round': `${ASKS}  generation: 9007199254740993\n${SPEC}`,
  'a command of windows lines': `${ASKS}${SPEC}    command: ["sh", "-c", "a\\r\\n"]\n`
    .replace('- {name: a, image: b}', '- name: a\n    image: b')
    .replaceAll('\n', '\r\n'),
  'a comment between a key and its list': `${ASKS}spec:\n  initContainers: # first\n  # they wait\n\n  # for this\n  - {name: w, image: b}\n  containers:\n  - {name: a, image: b}\n  # - {name: c}\n`,
  'empty places with comments': `${ASKS}  annotations:   # none\n    # example: x\nspec:\n  volumes:   []   # none yet\n  initContainers: ~\n  containers:\n  - {name: a, image: b}\n`,
  'empty places in lines of their own': `${ASKS}  annotations:\n    {} # none\nspec:\n  volumes:\n    []\n  initContainers:\n  # later\n    [ # none\n    ] # yet\n  containers:\n  - {name: a, image: b}\n`,
  'empty places with tags and anchors': `${ASKS}  annotations: !!map {}\nspec:\n  initContainers: !!null ~\n  volumes: &v !!seq [] # none\n  tolerations: *v\n  containers:\n  - {name: a, image: b}\n`,
  'empty places within braces': `${HEAD}  labels: {site-follower/inject: "true"}\nspec: {volumes: [ ], initContainers: , containers: [{name: a, image: b}]}\n---\n{apiVersion: v1, kind: Pod, metadata: {name: x, labels: {site-follower/inject: "true"}, annotations: { }}, spec: {volumes: ~, containers: [{name: a, image: b}]}}\n`,
  'keys alone within braces': `${ASKS}spec: {volumes, ? initContainers, containers: [{name: a, image: b}]} # all\n`,
  'braces with comments': `${ASKS}spec: { # the spec\n  # what runs\n  containers: [\n    # one\n    {name: a, image: b} # the one\n    # no more\n  ], # all\n  volumes: [\n    {name: v, emptyDir: {}}, # ours\n    # others\n  ],\n  initContainers: [\n    # waits\n    {name: w, image: b} # then goes\n    , {name: x, image: b}\n  ] # last\n}\n`,
  'an alias of an empty list': `${ASKS}spec:\n  tolerations: &e []\n  volumes: *e # none\n  initContainers: *e\n  containers:\n  - {name: a, image: b}\n`,
  'lines that end in carriage returns alone': `${ASKS}# of old\n${SPEC}`.replaceAll('\n', '\r'),
  'separators of lines and paragraphs': `${ASKS}  annotations: # notes\u2028    a: "one \u2028 two"\u2029    b: "x\u2029y" # c\n${SPEC}`,
  'a comment in the first column within braces': `${ASKS}spec: {containers: [{name: a, image: "b"\n# the one\n  }]}\n`,
};

/** For PyYAML colons before a bracket end a key, and an anchor has its name alone. */
const NOT_FOR_PYTHON = ['an address that ends in colons', 'an anchor that is named again'];

export const PECULIAR: readonly ManifestFile[] = Object.entries(TEXTS).map(([name, text]) => ({
  name,
  text,
  forKubectl: true,
  forPython: !NOT_FOR_PYTHON.includes(name),
}));
