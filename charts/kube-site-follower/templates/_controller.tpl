{{/* What the values say, as variables: the simple form, or the file, which says it all by itself. */}}
{{- define "site-follower.controllerEnv" -}}
{{- $own := .Values.controller -}}
- name: LOG_LEVEL
  value: {{ .Values.logLevel }}
{{- if $own.config }}
- name: CONFIG_FILE
  value: /etc/kube-site-follower/config.yaml
{{- end }}
{{- if $own.dryRun }}
- name: DRY_RUN
  value: "true"
{{- end }}
{{- if not $own.config.followers }}
- name: SITES
  value: {{ include "site-follower.sites" . | quote }}
- name: CNPG_NAMESPACE
  value: {{ $own.watch.namespace | quote }}
- name: CNPG_CLUSTER_NAME
  value: {{ $own.watch.clusterName | quote }}
{{- with $own.watch.preferredPrimaryNode }}
- name: PREFERRED_PRIMARY_NODE
  value: {{ . | quote }}
{{- end }}
{{- if not $own.routing.followServices }}
- name: FOLLOW_SERVICES
  value: "false"
{{- end }}
{{- if not $own.routing.podConditions }}
- name: POD_CONDITIONS
  value: "false"
{{- end }}
- name: CONDITION_ORDER
  value: {{ $own.routing.conditionOrder }}
{{- if $own.routing.nodeLabel }}
- name: NODE_LABEL
  value: "true"
{{- end }}
- name: DNS_PROVIDER
  value: {{ $own.dns.provider }}
{{- with $own.dns.records }}
- name: DNS_RECORDS
  value: {{ join "," . | quote }}
{{- end }}
- name: DNS_TTL
  value: {{ $own.dns.ttl | quote }}
{{- with $own.dns.nameServers }}
- name: DNS_NAME_SERVERS
  value: {{ join "," . | quote }}
{{- end }}
{{- if $own.dns.owner.id }}
{{- range $key, $variable := include "site-follower.ownerVariables" . | fromYaml }}
{{- with index $own.dns.owner $key }}
- name: {{ $variable }}
  value: {{ . | quote }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- with include "site-follower.proxyEnv" $own.proxy }}
{{- . }}
{{- end }}
{{- with include "site-follower.providerEnv" . }}
{{- . }}
{{- end }}
{{- range $name, $value := $own.env }}
- name: {{ $name }}
  {{- /* As JSON, since 1000000 would be written as 1e+06 otherwise. */}}
  value: {{ kindIs "string" $value | ternary $value (toJson $value) | quote }}
{{- end }}
{{- end }}

{{/* Of controller.proxy. The list of what is called directly counts only where something else is not. */}}
{{- define "site-follower.proxyEnv" -}}
{{- if .existingSecret }}
- name: HTTPS_PROXY
  valueFrom:
    secretKeyRef:
      name: {{ .existingSecret | quote }}
      key: HTTPS_PROXY
- name: HTTP_PROXY
  valueFrom:
    secretKeyRef:
      name: {{ .existingSecret | quote }}
      key: HTTP_PROXY
      optional: true
{{- else }}
{{- with .https }}
- name: HTTPS_PROXY
  value: {{ . | quote }}
{{- end }}
{{- with .http }}
- name: HTTP_PROXY
  value: {{ . | quote }}
{{- end }}
{{- end }}
{{- if and .noProxy (or .existingSecret .https .http) }}
- name: NO_PROXY
  value: {{ join "," .noProxy | quote }}
{{- end }}
{{- if .caConfigMap }}
- name: NODE_EXTRA_CA_CERTS
  value: /etc/site-follower-authorities/ca.crt
{{- end }}
{{- end }}
