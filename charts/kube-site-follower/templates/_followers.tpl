{{/*
What is followed, as JSON: {"items": [{"name", "kind", "namespace", "preferred", "selector", "provider"}, …]}. Out of
controller.config.followers where that is set, else out of the simple values. Roles and names are made from it.
*/}}
{{- define "site-follower.followers" -}}
{{- $items := list }}
{{- range .Values.controller.config.followers }}
{{- $trigger := .trigger | default dict }}
{{- $selector := false }}
{{- range .sites }}{{ if .nodeSelector }}{{ $selector = true }}{{ end }}{{ end }}
{{- $items = append $items (dict
  "name" (.name | default "default")
  "kind" ($trigger.kind | default "cnpg")
  "namespace" ($trigger.namespace | default "postgres")
  "preferred" (not (empty $trigger.preferredPrimaryNode))
  "selector" $selector
  "provider" ((.dns | default dict).provider | default "namecheap")) }}
{{- else }}
{{- $watch := .Values.controller.watch }}
{{- $selector := false }}
{{- range .Values.controller.sites }}{{ if .nodeSelector }}{{ $selector = true }}{{ end }}{{ end }}
{{- $items = append $items (dict
  "name" "default"
  "kind" "cnpg"
  "namespace" $watch.namespace
  "preferred" (not (empty $watch.preferredPrimaryNode))
  "selector" $selector
  "provider" .Values.controller.dns.provider) }}
{{- end }}
{{- toJson (dict "items" $items) }}
{{- end }}

{{/* The name of the status ConfigMap of the default follower. */}}
{{- define "site-follower.statusName" -}}
{{- .Values.controller.config.configMapName | default "kube-site-follower-status" }}
{{- end }}

{{/* controller.sites as the variable SITES wants them. */}}
{{- define "site-follower.sites" -}}
{{- $sites := list }}
{{- range $name, $site := .Values.controller.sites }}
{{- $sites = append $sites (merge (dict "name" $name) (deepCopy $site)) }}
{{- end }}
{{- toJson $sites }}
{{- end }}
