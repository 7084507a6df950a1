{{/*
The DNS providers: which values become which variables, in files/providers.yaml, which is generated from their settings.
"plain" goes into the Deployment; "secret" only ever through a Secret: the provider's existingSecret, whose keys have
the names of the variables, or one that the chart makes of the values. "required" are those without which the controller
does not start when records are listed.
*/}}
{{- define "site-follower.providers" -}}
{{ .Files.Get "files/providers.yaml" }}
{{- end }}

{{/* The providers that are in use, as JSON: {"<provider>": {"plain": …, "secret": …}}. */}}
{{- define "site-follower.providersInUse" -}}
{{- $known := include "site-follower.providers" . | fromYaml }}
{{- $used := dict }}
{{- range (include "site-follower.followers" . | fromJson).items }}
{{- range .providers }}
{{- if hasKey $known . }}{{ $_ := set $used . (get $known .) }}{{ end }}
{{- end }}
{{- end }}
{{- toJson $used }}
{{- end }}

{{/* Name of the Secret that the chart makes for a provider: (list $ "namecheap"). */}}
{{- define "site-follower.providerSecret" -}}
{{ include "site-follower.fullname" (index . 0) }}-{{ index . 1 }}
{{- end }}

{{/* The variables of the providers. */}}
{{- define "site-follower.providerEnv" -}}
{{- range $provider, $table := include "site-follower.providersInUse" . | fromJson }}
{{- $values := index $.Values.controller.dns $provider }}
{{- range $key, $variable := $table.plain }}
{{- with index $values $key }}
- name: {{ $variable }}
  value: {{ . | quote }}
{{- end }}
{{- end }}
{{- range $key, $variable := $table.secret }}
{{- if or $values.existingSecret (index $values $key) }}
- name: {{ $variable }}
  valueFrom:
    secretKeyRef:
      name: {{ $values.existingSecret | default (include "site-follower.providerSecret" (list $ $provider)) | quote }}
      key: {{ $variable }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{/* The namespaces of the DNSEndpoint objects, as JSON. */}}
{{- define "site-follower.externalDnsNamespaces" -}}
{{- $usual := (index .Values.controller.dns "external-dns").namespace | default .Release.Namespace }}
{{- $namespaces := list }}
{{- range .Values.controller.config.followers }}
{{- range ternary .dns (list (.dns | default dict)) (kindIs "slice" .dns) }}
{{- if eq (.provider | default "") "external-dns" }}
{{- $namespaces = append $namespaces ((index . "external-dns" | default dict).namespace | default $usual) }}
{{- end }}
{{- end }}
{{- else }}
{{- if eq .Values.controller.dns.provider "external-dns" }}{{ $namespaces = append $namespaces $usual }}{{ end }}
{{- end }}
{{- toJson (uniq $namespaces) }}
{{- end }}
