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
{{- if eq $kind "cnpg-topology" }}{{ $selector = true }}{{ end }}
{{- /* The record sets are a mapping or a list of them. */}}
{{- $providers := list }}
{{- $records := list }}
{{- range ternary .dns (list (.dns | default dict)) (kindIs "slice" .dns) }}
{{- $provider := .provider | default "namecheap" }}
{{- $providers = append $providers $provider }}
{{- if eq $provider "namecheap" }}{{ $records = concat $records (include "site-follower.recordList" .records | fromJsonArray) }}{{ end }}
{{- end }}
{{- /* Not by merge, to which false is nothing. */}}
{{- $routing := dict "followServices" true "podConditions" true "nodeLabel" false }}
{{- range $way, $isOn := .routing }}{{ $_ := set $routing $way $isOn }}{{ end }}
{{- $items = append $items (dict
  "name" (.name | default "default")
  "kind" $kind
  "trigger" $trigger
  "namespace" ($trigger.namespace | default (ternary "postgres" "" (hasPrefix "cnpg" $kind)))
  "preferred" (not (empty $trigger.preferredPrimaryNode))
  "selector" $selector
  "providers" $providers
  "namecheapRecords" $records
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
  "namecheapRecords" (ternary .Values.controller.dns.records list (eq .Values.controller.dns.provider "namecheap"))
  "routing" .Values.controller.routing) }}
{{- end }}
{{- toJson (dict "items" $items) }}
{{- end }}

{{/* Records as a list, as JSON: they may also be a text with commas. */}}
{{- define "site-follower.recordList" -}}
{{- if kindIs "string" . }}{{ splitList "," . | toJson }}{{ else }}{{ . | default list | toJson }}{{ end }}
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
{{- if and $namespace (not (has .kind (list "cnpg" "cnpg-topology" "node-status" "manual"))) (ne (toString $trigger.names) "node") }}
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

{{/* That of one follower: (list $ "name"). */}}
{{- define "site-follower.statusNameOf" -}}
{{- printf "%s%s" (include "site-follower.statusName" (first .)) (ternary "" (printf "-%s" (last .)) (eq (last .) "default")) }}
{{- end }}

{{/* Those of all followers, as JSON. */}}
{{- define "site-follower.statusNames" -}}
{{- $names := list }}
{{- range (include "site-follower.followers" . | fromJson).items }}
{{- $names = append $names (include "site-follower.statusNameOf" (list $ .name)) }}
{{- end }}
{{- toJson $names }}
{{- end }}

{{/* The names of the ConfigMaps of their reports, as JSON. */}}
{{- define "site-follower.reportNames" -}}
{{- $names := list }}
{{- range (include "site-follower.followers" . | fromJson).items }}
{{- $names = append $names (printf "kube-site-follower-report%s" (ternary "" (printf "-%s" .name) (eq .name "default"))) }}
{{- end }}
{{- toJson $names }}
{{- end }}

{{/*
The names of the ConfigMaps in which Namecheap's zones are kept before they are written, as JSON: {"any": …, "names": […]}.
A record is in one of the domains above it; only the public suffix list knows which. "any": a name is not in ASCII, so that
its zone has another one.
*/}}
{{- define "site-follower.snapshotNames" -}}
{{- $any := false }}
{{- $names := list }}
{{- range (include "site-follower.followers" . | fromJson).items }}
{{- range .namecheapRecords }}
{{- $parts := splitList "@" (. | trim | lower) }}
{{- if not (regexMatch "^[ -~]*$" .) }}{{ $any = true }}{{ end }}
{{- with rest $parts }}{{ $names = append $names (first . | trim | trimSuffix ".") }}{{ end }}
{{- $labels := without (splitList "." (first $parts | trim | trimSuffix ".")) "*" }}
{{- range $from, $_ := initial $labels }}{{ $names = append $names (slice $labels $from | join ".") }}{{ end }}
{{- end }}
{{- end }}
{{- $all := list }}
{{- if not $any }}{{ range uniq $names }}{{ $all = append $all (printf "kube-site-follower-zone-%s" .) }}{{ end }}{{ end }}
{{- toJson (dict "any" $any "names" $all) }}
{{- end }}

{{/* controller.sites as the variable SITES wants them. */}}
{{- define "site-follower.sites" -}}
{{- $sites := list }}
{{- range $name, $site := .Values.controller.sites }}
{{- $sites = append $sites (merge (dict "name" $name) (deepCopy $site)) }}
{{- end }}
{{- toJson $sites }}
{{- end }}
