{{/* What values.schema.json cannot say. Each message begins with the key. */}}
{{- define "site-follower.checks" -}}
{{- $own := .Values.controller }}
{{- if $own.config.followers }}
{{- if $own.sites }}{{ fail "controller.sites: must be left out where controller.config has followers, which have sites of their own" }}{{ end }}
{{- if $own.dns.records }}{{ fail "controller.dns.records: must be left out where controller.config has followers, which have records of their own" }}{{ end }}
{{- else if not $own.sites }}
{{- fail "controller.sites: at least one site is needed, such as --set controller.sites.us-east.nodeName=node-1" }}
{{- end }}
{{- include "site-follower.noSecrets" (list "controller.config" "" $own.config) }}
{{- range $name, $value := $own.env }}
{{- if regexMatch "(_KEY|_SECRET|_TOKEN|PASSWORD)$" $name }}{{ fail (printf "controller.env.%s: a secret must not stand in a Deployment; name a Secret with this key in controller.envFrom" $name) }}{{ end }}
{{- end }}
{{- with $own.env.NOTIFY }}{{ include "site-follower.noSecrets" (list "controller.env.NOTIFY" "" (fromJsonArray .)) }}{{ end }}
{{- $nodes := list }}
{{- range $name, $site := $own.sites }}
{{- range $node := concat ($site.nodeNames | default list) (ternary (list $site.nodeName) list (not (empty $site.nodeName))) | uniq }}
{{- if has $node $nodes }}{{ fail (printf "controller.sites.%s: node %s is in another site as well" $name $node) }}{{ end }}
{{- $nodes = append $nodes $node }}
{{- end }}
{{- end }}
{{- end }}

{{/*
Fails where a text stands under the name of a secret, since a ConfigMap would show it to everybody: (list "path" "key"
value). What only refers to a secret, such as {"env": "NAME"}, is fine. The address of a chat's hook is a secret too.
Triggers only ever have the names of Secrets.
*/}}
{{- define "site-follower.noSecrets" -}}
{{- $path := index . 0 }}
{{- $key := index . 1 }}
{{- $value := index . 2 }}
{{- if kindIs "map" $value }}
{{- $isChat := and (hasKey $value "preset") (ne (toString $value.preset) "webhook") }}
{{- range $name, $item := omit $value "trigger" }}
{{- $isSecret := or (regexMatch "(?i)(key|secrets?|token|password)$" $name) (and $isChat (eq $name "url")) }}
{{- include "site-follower.noSecrets" (list (printf "%s.%s" $path $name) (ternary "secret" "" $isSecret) $item) }}
{{- end }}
{{- else if kindIs "slice" $value }}
{{- range $index, $item := $value }}
{{- include "site-follower.noSecrets" (list (printf "%s[%d]" $path $index) $key $item) }}
{{- end }}
{{- else if and $key $value }}
{{- fail (printf "%s: a secret must not stand in a ConfigMap; write {env: VARIABLE} there, and name a Secret with that key in controller.envFrom" $path) }}
{{- end }}
{{- end }}
