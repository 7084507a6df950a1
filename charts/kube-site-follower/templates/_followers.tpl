{{/*
What is followed, as JSON: {"items": [{"name", "kind", "trigger", "namespace", "preferred", "selector", "providers",
"routing"}, …]}. Out of controller.config.followers where that is set, else out of the simple values. Roles and names
are made from it.
*/}}
{{- define "site-follower.followers" -}}
{{- $items := list }}
{{- range .Values.controller.config.followers }}
{{- $trigger := .trigger | default dict }}
{{- $selector := false }}
{{- range .sites }}{{ if .nodeSelector }}{{ $selector = true }}{{ end }}{{ end }}
{{- $kind := $trigger.kind | default "cnpg" }}
{{- /* The record sets are a mapping or a list of them. */}}
{{- $providers := list }}
{{- range ternary .dns (list (.dns | default dict)) (kindIs "slice" .dns) }}{{ $providers = append $providers (.provider | default "namecheap") }}{{ end }}
{{- /* Not by merge, to which false is nothing. */}}
{{- $routing := dict "followServices" true "podConditions" true "nodeLabel" false }}
{{- range $way, $isOn := .routing }}{{ $_ := set $routing $way $isOn }}{{ end }}
{{- $items = append $items (dict
  "name" (.name | default "default")
  "kind" $kind
  "trigger" $trigger
  "namespace" ($trigger.namespace | default (ternary "postgres" "" (eq $kind "cnpg")))
  "preferred" (not (empty $trigger.preferredPrimaryNode))
  "selector" $selector
  "providers" $providers
  "routing" $routing) }}
{{- else }}
{{- $watch := .Values.controller.watch }}
{{- $selector := false }}
{{- range .Values.controller.sites }}{{ if .nodeSelector }}{{ $selector = true }}{{ end }}{{ end }}
{{- $items = append $items (dict
  "name" "default"
  "kind" "cnpg"
  "trigger" (dict)
  "namespace" $watch.namespace
  "preferred" (not (empty $watch.preferredPrimaryNode))
  "selector" $selector
  "providers" (list .Values.controller.dns.provider)
  "routing" .Values.controller.routing) }}
{{- end }}
{{- toJson (dict "items" $items) }}
{{- end }}

{{/* The names of those that move Services, and of those that do not, as JSON: {"moving": […], "still": […]}. */}}
{{- define "site-follower.followersOfServices" -}}
{{- $moving := list }}
{{- $still := list }}
{{- range (include "site-follower.followers" . | fromJson).items }}
{{- if eq (toString .routing.followServices) "true" }}{{ $moving = append $moving .name }}{{ else }}{{ $still = append $still .name }}{{ end }}
{{- end }}
{{- toJson (dict "moving" $moving "still" $still) }}
{{- end }}

{{/* What each follower follows, as far as that is pods, as JSON: {"items": [{"follower", "kind", "namespace", …}]}. */}}
{{- define "site-follower.followed" -}}
{{- $items := list }}
{{- range (include "site-follower.followers" . | fromJson).items }}
{{- $trigger := .trigger }}
{{- $namespace := $trigger.podNamespace | default .namespace }}
{{- if and $namespace (not (has .kind (list "cnpg" "node-status" "manual"))) (ne (toString $trigger.names) "node") }}
{{- $item := dict "follower" .name "kind" .kind "namespace" $namespace }}
{{- range $key := list "preset" "cluster" }}{{ with get $trigger $key }}{{ $_ := set $item $key . }}{{ end }}{{ end }}
{{- with $trigger.members }}{{ $_ := set $item "members" (join "," .) }}{{ end }}
{{- $items = append $items $item }}
{{- end }}
{{- end }}
{{- toJson (dict "items" $items) }}
{{- end }}

{{/* The name of the status ConfigMap of the default follower. */}}
{{- define "site-follower.statusName" -}}
{{- .Values.controller.config.configMapName | default "kube-site-follower-status" }}
{{- end }}

{{/* Those of all followers, as JSON. */}}
{{- define "site-follower.statusNames" -}}
{{- $names := list }}
{{- range (include "site-follower.followers" . | fromJson).items }}
{{- $names = append $names (printf "%s%s" (include "site-follower.statusName" $) (ternary "" (printf "-%s" .name) (eq .name "default"))) }}
{{- end }}
{{- toJson $names }}
{{- end }}

{{/* controller.sites as the variable SITES wants them. */}}
{{- define "site-follower.sites" -}}
{{- $sites := list }}
{{- range $name, $site := .Values.controller.sites }}
{{- $sites = append $sites (merge (dict "name" $name) (deepCopy $site)) }}
{{- end }}
{{- toJson $sites }}
{{- end }}
