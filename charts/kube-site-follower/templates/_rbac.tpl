{{/*
What is allowed to whom, each rule with the reason beside it. Those of controller and webhook are in files/rights.yaml, which
is generated from the tables that the integration tests prove to be enough and needed.
*/}}

{{- define "site-follower.rights" -}}
{{ .Files.Get "files/rights.yaml" }}
{{- end }}

{{/* A text with the values for {key} in it: (list "text" (dict "key" "value") "whose they are"). */}}
{{- define "site-follower.filled" -}}
{{- $text := first . }}
{{- $values := index . 1 }}
{{- range regexFindAll "{\\w+}" (first .) -1 }}
{{- $key := trimAll "{}" . }}
{{- if not (hasKey $values $key) }}{{ fail (printf "controller.config.followers: %s needs %s" (last $) $key) }}{{ end }}
{{- $text = replace . (get $values $key) $text }}
{{- end }}
{{- $text }}
{{- end }}

{{/*
The rules of a table in files/rights.yaml: (dict "rules" [...] "values" (dict …)). One with `when` is left out unless that value
is set; one `of` several is there for each name in that value.
*/}}
{{- define "site-follower.rules" -}}
{{- $values := .values }}
{{- $subject := .subject | default "" }}
{{- range $rule := .rules }}
{{- if or (not .when) (get $values (.when | default "")) }}
{{- $names := list (.name | default "") }}
{{- if .of }}{{ $names = get $values .of }}{{ end }}
{{- range $names }}
# {{ $rule.reason }}
- apiGroups: [{{ include "site-follower.filled" (list $rule.group $values $subject) | quote }}]
  resources: [{{ include "site-follower.filled" (list $rule.resource $values $subject) | quote }}]
  {{- with . }}
  resourceNames: [{{ include "site-follower.filled" (list . $values $subject) | quote }}]
  {{- end }}
  verbs: {{ toJson $rule.verbs }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{/* The controller, in its own namespace; the context is the root. */}}
{{- define "site-follower.rules.own" -}}
{{- /* Unused in the e2e run: delete configmaps: nobody makes one immutable. */}}
{{- /* Unused in the e2e run: get,update configmaps: a record may be in another zone. */}}
{{- $zones := include "site-follower.snapshotNames" . | fromJson }}
{{- $values := dict
  "status" (include "site-follower.statusNames" . | fromJsonArray)
  "report" (include "site-follower.reportNames" . | fromJsonArray)
  "lease" (list "kube-site-follower")
  "snapshots" (ternary (list "") $zones.names $zones.any) }}
{{- include "site-follower.rules" (dict "rules" (include "site-follower.rights" . | fromYaml).controller.own "values" $values) }}
{{- end }}

{{/* The controller, where ExternalDNS reads what it shall make. */}}
{{- define "site-follower.rules.externalDns" -}}
{{- include "site-follower.rules" (dict "rules" (include "site-follower.rights" . | fromYaml).controller.externalDns "values" dict) }}
{{- end }}

{{/* The controller, everywhere; the context is the root. */}}
{{- define "site-follower.rules.cluster" -}}
{{- $controller := (include "site-follower.rights" . | fromYaml).controller }}
{{- $values := dict "status" (include "site-follower.statusNames" . | fromJsonArray) }}
{{- $ofTriggers := list }}
{{- range (include "site-follower.followers" . | fromJson).items }}
{{- if .selector }}{{ $_ := set $values "watchesNodes" true }}{{ end }}
{{- range $way, $isOn := .routing }}{{ if eq (toString $isOn) "true" }}{{ $_ := set $values $way true }}{{ end }}{{ end }}
{{- range get $controller.triggers .kind }}{{ if not .namespace }}{{ $ofTriggers = append $ofTriggers . }}{{ end }}{{ end }}
{{- end }}
{{- include "site-follower.rules" (dict "rules" (concat $controller.cluster (uniq $ofTriggers)) "values" $values) }}
{{- end }}

{{/*
The controller, in the namespaces of what it follows, each rule once: {"<namespace>": ["<rule>", …]} as JSON. What is not
namespaced has an empty one.
*/}}
{{- define "site-follower.rules.triggers" -}}
{{- $triggers := (include "site-follower.rights" . | fromYaml).controller.triggers }}
{{- $byNamespace := dict }}
{{- range (include "site-follower.followers" . | fromJson).items }}
{{- $subject := printf "a %s trigger" .kind }}
{{- $values := dict }}
{{- range $key, $value := .trigger }}{{ if $value }}{{ $_ := set $values $key $value }}{{ end }}{{ end }}
{{- $_ := set $values "preferred" .preferred }}
{{- $_ := set $values "namespace" .namespace }}
{{- $_ := set $values "podNamespace" ($values.podNamespace | default .namespace) }}
{{- $_ := set $values "pod" (ne ($values.names | default "pod") "node") }}
{{- /* The group of an apiVersion; the core one has none. */}}
{{- if $values.apiVersion }}{{ $_ := set $values "group" (regexReplaceAll "/?[^/]*$" $values.apiVersion "") }}{{ end }}
{{- if eq (toString $values.source) "psmdb" }}{{ $_ := include "site-follower.filled" (list "{clusterName}" $values $subject) }}{{ end }}
{{- range get $triggers .kind }}
{{- $rules := include "site-follower.rules" (dict "rules" (list .) "values" $values "subject" $subject) }}
{{- if and .namespace $rules }}
{{- $namespace := include "site-follower.filled" (list .namespace $values $subject) }}
{{- $_ := set $byNamespace $namespace (append (get $byNamespace $namespace | default list) $rules | uniq) }}
{{- end }}
{{- end }}
{{- end }}
{{- toJson $byNamespace }}
{{- end }}

{{/* The webhook: (list $ "own") in its own namespace, (list $ "cluster") everywhere. */}}
{{- define "site-follower.rules.webhook" -}}
{{- /* Unused in the e2e run: update secrets: the first renewal is weeks away. */}}
{{- /* Unused in the e2e run: update configmaps: no pod goes without the sidecar that it asks for. */}}
{{- $root := first . }}
{{- $certManager := $root.Values.webhook.certManager.enabled }}
{{- $values := dict
  "webhook" (printf "%s-webhook" (include "site-follower.fullname" $root))
  "status" (include "site-follower.statusNames" $root | fromJsonArray)
  "certManager" $certManager
  "ownCertificates" (not $certManager) }}
{{- include "site-follower.rules" (dict "rules" (get (include "site-follower.rights" $root | fromYaml).webhook (last .)) "values" $values) }}
{{- end }}

{{/*
A role and who has it: (dict "root" $ "component" "controller" "suffix" "-x" "namespace" "n" "rules" "…"). Without a
namespace it is a ClusterRole.
*/}}
{{- define "site-follower.role" -}}
{{- $fullname := include "site-follower.fullname" .root }}
{{- $name := printf "%s-%s%s" $fullname .component (.suffix | default "") }}
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ if .namespace }}Role{{ else }}ClusterRole{{ end }}
metadata:
  name: {{ $name }}
  {{- with .namespace }}
  namespace: {{ . | quote }}
  {{- end }}
  labels:
    {{- include "site-follower.labels" .root | nindent 4 }}
rules:
  {{- .rules | nindent 2 }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ if .namespace }}RoleBinding{{ else }}ClusterRoleBinding{{ end }}
metadata:
  name: {{ $name }}
  {{- with .namespace }}
  namespace: {{ . | quote }}
  {{- end }}
  labels:
    {{- include "site-follower.labels" .root | nindent 4 }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: {{ if .namespace }}Role{{ else }}ClusterRole{{ end }}
  name: {{ $name }}
subjects:
  - kind: ServiceAccount
    name: {{ $fullname }}-{{ .component }}
    namespace: {{ .root.Release.Namespace | quote }}
{{- end }}

{{/* The Job that makes the Cluster, in its namespace. */}}
{{- define "site-follower.rules.postgres" -}}
# Makes the Cluster, or brings it in line with the values. Server-side apply is a patch, and a creation is one by name.
- apiGroups: [postgresql.cnpg.io]
  resources: [clusters]
  resourceNames: [{{ .Values.controller.watch.clusterName | quote }}]
  verbs: [patch]
{{- if eq (include "site-follower.makesPostgres" .) "implied" }}
# Sees whether somebody else has made one, which is left alone then.
- apiGroups: [postgresql.cnpg.io]
  resources: [clusters]
  resourceNames: [{{ .Values.controller.watch.clusterName | quote }}]
  verbs: [get]
{{- end }}
# Server-side apply of what is not there wants this as well; RBAC cannot limit that to a name.
{{- /* Unused in the e2e run: create clusters: the audit log tells of such an apply as a patch. */}}
- apiGroups: [postgresql.cnpg.io]
  resources: [clusters]
  verbs: [create]
{{- end }}

{{/* The pod of `helm test`, in its own namespace. */}}
{{- define "site-follower.rules.test.own" -}}
# Reads whether each follower is settled.
- apiGroups: [""]
  resources: [configmaps]
  resourceNames: {{ include "site-follower.statusNames" . }}
  verbs: [get]
# Reads whether a controller leads.
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  resourceNames: [kube-site-follower]
  verbs: [get]
{{- end }}

{{/* The same, everywhere. */}}
{{- define "site-follower.rules.test.cluster" -}}
# Reads which authority the API server trusts for the webhook.
- apiGroups: [admissionregistration.k8s.io]
  resources: [mutatingwebhookconfigurations]
  resourceNames: [{{ include "site-follower.fullname" . }}-webhook]
  verbs: [get]
{{- end }}

{{/* Secrets that the release leaves behind, as JSON: cert-manager makes them. */}}
{{- define "site-follower.leftSecrets" -}}
{{- $secrets := list }}
{{- if .Values.webhook.certManager.enabled }}
{{- range list "authority" "certificate" }}{{ $secrets = append $secrets (printf "%s-webhook-%s" (include "site-follower.fullname" $) .) }}{{ end }}
{{- end }}
{{- toJson $secrets }}
{{- end }}

{{/* The Job that removes what the processes have made, in its own namespace. */}}
{{- define "site-follower.rules.cleanup.own" -}}
# Waits until the processes are gone, as they would create again what is removed.
- apiGroups: [""]
  resources: [pods]
  verbs: [list]
# Removes that of a failed `helm test`.
- apiGroups: [""]
  resources: [pods]
  resourceNames: [{{ include "site-follower.fullname" . }}-test]
  verbs: [delete]
{{- $secrets := include "site-follower.leftSecrets" . }}
{{- if ne $secrets "[]" }}
# Removes the webhook's certificates.
- apiGroups: [""]
  resources: [secrets]
  resourceNames: {{ $secrets }}
  verbs: [delete]
{{- end }}
# Removes the status, the report and what else the processes keep.
- apiGroups: [""]
  resources: [configmaps]
  verbs: [list, delete]
# Removes the leaders' Leases{{ if .Values.cloudnativepg.install }}, that of the bundled operator included{{ end }}.
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  resourceNames: [kube-site-follower, kube-site-follower-webhook{{ if .Values.cloudnativepg.install }}, db9c8771.cnpg.io{{ end }}]
  verbs: [delete]
{{- end }}

{{/* The same, everywhere. */}}
{{- define "site-follower.rules.cleanup.cluster" -}}
# Removes the copies of the status in all namespaces that asked.
- apiGroups: [""]
  resources: [configmaps]
  resourceNames: {{ include "site-follower.statusNames" . }}
  verbs: [list, delete]
{{- end }}
