{{/*
What the controller or the webhook would refuse at its start, and values.schema.json cannot say. Each message begins with
the key, and none holds a secret. The rules are theirs: controller/triggers, dns and webhook/injector-config.ts.
*/}}
{{- define "site-follower.startup" -}}
{{- $own := .Values.controller }}
{{- include "site-follower.sitesAreSound" . }}
{{- range $key, $rule := include "site-follower.credentials" . | fromYaml }}
{{- $provider := first (splitList "." $key) }}
{{- $values := get $own.dns $provider }}
{{- $text := get $values (last (splitList "." $key)) | trim }}
{{- $isUsed := and $text (not $values.existingSecret) }}
{{- if and $isUsed (not (regexMatch $rule.pattern $text)) }}{{ fail (printf "controller.dns.%s: must be %s" $key $rule.meaning) }}{{ end }}
{{- end }}
{{- include "site-follower.sidecarFits" .Values.sidecar.resources }}
{{- include "site-follower.portsAreFree" .Values.webhook }}
{{- end }}

{{/* The context is webhook. */}}
{{- define "site-follower.portsAreFree" -}}
{{- $own := . }}
{{- if eq (int .port) (int .httpPort) }}{{ fail (printf "webhook.httpPort: must be another port than webhook.port (got: %d)" (int .httpPort)) }}{{ end }}
{{- if .hostNetwork }}
{{- range $key := list "port" "httpPort" }}
{{- $port := int (get $own $key) }}
{{- if has $port (list 6443 10248 10249 10250 10255 10256 10257 10259) }}{{ fail (printf "webhook.%s: must be free on each node with webhook.hostNetwork, and Kubernetes itself listens at %d" $key $port) }}{{ end }}
{{- end }}
{{- end }}
{{- end }}

{{/* The forms of what the chart keeps in Secrets. A pattern of values.schema.json would print them. */}}
{{- define "site-follower.credentials" -}}
namecheap.apiUser: {pattern: '^\S+$', meaning: "the user name, without spaces"}
namecheap.apiKey: {pattern: '^\S+$', meaning: "the key, without spaces"}
cloudflare.apiToken: {pattern: '^[\w-]{20,200}$', meaning: "an API token (not a global API key)"}
rfc2136.tsigSecret: {pattern: '^([A-Za-z0-9+/]{4}){2,}([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$', meaning: "the key in base64"}
{{- end }}

{{- define "site-follower.sitesAreSound" -}}
{{- $own := .Values.controller }}
{{- $selector := include "site-follower.selectorPattern" . }}
{{- $nodes := list }}
{{- $isOpen := false }}
{{- range $name, $site := $own.sites }}
{{- range $node := concat ($site.nodeNames | default list) (ternary (list $site.nodeName) list (not (empty $site.nodeName))) | uniq }}
{{- if has $node $nodes }}{{ fail (printf "controller.sites.%s: node %s is in another site as well" $name $node) }}{{ end }}
{{- $nodes = append $nodes $node }}
{{- end }}
{{- with $site.nodeSelector }}
{{- /* Which nodes it has is not known here. */}}
{{- $isOpen = true }}
{{- if not (regexMatch $selector .) }}{{ fail (printf "controller.sites.%s.nodeSelector: must be a label selector such as topology.kubernetes.io/zone=us-east-1a (got: %s)" $name .) }}{{ end }}
{{- end }}
{{- end }}
{{- $preferred := $own.watch.preferredPrimaryNode }}
{{- if and $own.sites $preferred (not $isOpen) (not (has $preferred $nodes)) }}
{{- fail (printf "controller.watch.preferredPrimaryNode: must be a node of one of the sites (got: %s)" $preferred) }}
{{- end }}
{{- end }}

{{/* As runtime/label-selector.ts reads it. */}}
{{- define "site-follower.selectorPattern" -}}
{{- $key := `(?:[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?` }}
{{- $value := `(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?` }}
{{- $set := printf `%s\s+(?:in|notin)\s*\(\s*%s\s*(?:,\s*%s\s*)*\)` $key $value $value }}
{{- $one := printf `(?:%s|%s\s*(?:==|=|!=)\s*%s|!?\s*%s)` $set $key $value $key }}
{{- printf `^\s*%s(?:\s*,\s*%s)*\s*$` $one $one }}
{{- end }}

{{/* The context is sidecar.resources. Without a limit for memory the webhook has one of its own. */}}
{{- define "site-follower.sidecarFits" -}}
{{- $own := . }}
{{- range $key, $least := dict "requests.memory" "1Mi" "limits.memory" "32Mi" "limits.cpu" "10m" }}
{{- $kind := first (splitList "." $key) }}
{{- $given := dig $kind (last (splitList "." $key)) "" $own | toString }}
{{- if and $given (include "site-follower.isAbove" (list $least $given)) }}{{ fail (printf "sidecar.resources.%s: must be at least %s (got: %s)" $key $least $given) }}{{ end }}
{{- end }}
{{- range $resource, $usual := dict "cpu" "" "memory" "64Mi" }}
{{- $request := dig "requests" $resource "" $own | toString }}
{{- $limit := dig "limits" $resource $usual $own | toString }}
{{- if and $request $limit (include "site-follower.isAbove" (list $request $limit)) }}
{{- fail (printf "sidecar.resources.requests.%s: must not be above sidecar.resources.limits.%s, which is %s (got: %s)" $resource $resource $limit $request) }}
{{- end }}
{{- end }}
{{- end }}

{{/* Not empty where the first of two quantities is above the second. */}}
{{- define "site-follower.isAbove" -}}
{{- if gt (include "site-follower.quantity" (first .) | float64) (include "site-follower.quantity" (last .) | float64) }}true{{ end }}
{{- end }}

{{/* A quantity as a number of cores or bytes. */}}
{{- define "site-follower.quantity" -}}
{{- $unit := regexFind "[A-Za-z]+$" . }}
{{- $factors := dict "" 1 "n" 1e-9 "u" 1e-6 "m" 1e-3 "k" 1e3 "M" 1e6 "G" 1e9 "T" 1e12 "P" 1e15 "E" 1e18 }}
{{- $factors = merge $factors (dict "Ki" 0x1p10 "Mi" 0x1p20 "Gi" 0x1p30 "Ti" 0x1p40 "Pi" 0x1p50 "Ei" 0x1p60) }}
{{- mulf (trimSuffix $unit . | float64) (get $factors $unit) }}
{{- end }}
