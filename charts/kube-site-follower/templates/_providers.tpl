{{/*
The DNS providers: which values become which variables, in files/providers.yaml, which is generated from their settings.
"plain" goes into the Deployment; "secret" only ever through a Secret: the provider's existingSecret, whose keys have
the names of the variables, or one that the chart makes of the values. Those in "files" are mounted from an existingSecret,
so that a change of it needs no restart. "required" are those without which the controller does not start when records are
listed.
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
{{- $mounted := include "site-follower.mountedCredentials" . | fromJson }}
{{- range $provider, $table := include "site-follower.providersInUse" . | fromJson }}
{{- $values := index $.Values.controller.dns $provider }}
{{- range $key, $variable := $table.plain }}
{{- with index $values $key }}
- name: {{ $variable }}
  value: {{ . | quote }}
{{- end }}
{{- end }}
{{- range $key, $variable := $table.secret }}
{{- if has $variable (get $mounted $provider | default list) }}
- name: {{ $variable }}_FILE
  value: {{ include "site-follower.credentialsPath" $provider }}/{{ $variable }}
{{- if $.Values.controller.envFrom }}
{{- /* It may be in there as well, and both would be refused: this one goes before. */}}
- name: {{ $variable }}
  value: ""
{{- end }}
{{- else if or $values.existingSecret (index $values $key) }}
- name: {{ $variable }}
  valueFrom:
    secretKeyRef:
      name: {{ $values.existingSecret | default (include "site-follower.providerSecret" (list $ $provider)) | quote }}
      key: {{ $variable }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{/*
Which variables of an existingSecret are files, by provider, as JSON: {"<provider>": ["<variable>"]}. A configuration that
refers to the variable itself needs that.
*/}}
{{- define "site-follower.mountedCredentials" -}}
{{- $mounted := dict }}
{{- $config := toJson .Values.controller.config }}
{{- range $provider, $table := include "site-follower.providersInUse" . | fromJson }}
{{- $variables := list }}
{{- range $key := $table.files }}
{{- $variable := get $table.secret $key }}
{{- if not (contains (printf "\"env\":%q" $variable) $config) }}{{ $variables = append $variables $variable }}{{ end }}
{{- end }}
{{- if and $variables (index $.Values.controller.dns $provider).existingSecret }}{{ $_ := set $mounted $provider $variables }}{{ end }}
{{- end }}
{{- toJson $mounted }}
{{- end }}

{{/* The context is the provider. */}}
{{- define "site-follower.credentialsPath" -}}
/etc/site-follower-credentials/{{ . }}
{{- end }}

{{- define "site-follower.credentialMounts" -}}
{{- range $provider, $_ := include "site-follower.mountedCredentials" . | fromJson }}
- name: credentials-{{ $provider }}
  mountPath: {{ include "site-follower.credentialsPath" $provider }}
  readOnly: true
{{- end }}
{{- end }}

{{- define "site-follower.credentialVolumes" -}}
{{- range $provider, $variables := include "site-follower.mountedCredentials" . | fromJson }}
- name: credentials-{{ $provider }}
  secret:
    secretName: {{ (index $.Values.controller.dns $provider).existingSecret | quote }}
    {{- /* Else the kubelet would wait without a word in the pod's status; the controller says what is missing. */}}
    optional: true
    items:
      {{- range $variables }}
      - key: {{ . }}
        path: {{ . }}
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
