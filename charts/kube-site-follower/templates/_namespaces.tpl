{{/* Not empty where the chart makes the Cluster. */}}
{{- define "site-follower.makesPostgres" -}}
{{- if kindIs "bool" .Values.postgres.create }}{{ if .Values.postgres.create }}asked{{ end }}
{{- else if and .Values.cloudnativepg.install (not .Values.controller.config.followers) }}implied{{ end }}
{{- end }}

{{/* The namespaces in which Roles are, other than that of the release, as JSON. A Role in none fails the installation. */}}
{{- define "site-follower.roleNamespaces" -}}
{{- $names := include "site-follower.externalDnsNamespaces" . | fromJsonArray }}
{{- $names = concat $names (include "site-follower.rules.triggers" . | fromJson | keys | sortAlpha) }}
{{- if include "site-follower.makesPostgres" . }}{{ $names = append $names .Values.controller.watch.namespace }}{{ end }}
{{- toJson (without (compact $names | uniq) .Release.Namespace) }}
{{- end }}

{{/*
Those of them that the chart makes, as JSON. One that is there already and belongs to nobody, or to another release, is
used as it is. Helm finds none at all where it only renders; each cluster has kube-system.
*/}}
{{- define "site-follower.madeNamespaces" -}}
{{- $own := . }}
{{- $made := list }}
{{- $create := .Values.controller.watch.createNamespace }}
{{- if not (and (kindIs "bool" $create) (not $create)) }}
{{- $canLook := or $create (lookup "v1" "Namespace" "" "kube-system") }}
{{- range $name := include "site-follower.roleNamespaces" . | fromJsonArray }}
{{- $isOfPostgres := and (include "site-follower.makesPostgres" $own) (eq $name $own.Values.controller.watch.namespace) }}
{{- if or $canLook $isOfPostgres }}
{{- $found := lookup "v1" "Namespace" "" $name }}
{{- $owner := dig "metadata" "annotations" dict ($found | default dict) }}
{{- $isOurs := and (eq (get $owner "meta.helm.sh/release-name") $own.Release.Name) (eq (get $owner "meta.helm.sh/release-namespace") $own.Release.Namespace) }}
{{- if or (not $found) $isOurs }}{{ $made = append $made $name }}{{ end }}
{{- end }}
{{- end }}
{{- end }}
{{- toJson $made }}
{{- end }}
