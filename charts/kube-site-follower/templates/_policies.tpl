{{/* Not empty where the webhook injects, or the API server by policies; by both while one takes over from the other. */}}
{{- define "site-follower.injectsByWebhook" -}}
{{- if and .Values.webhook.enabled (has .Values.webhook.mode (list "webhook" "both")) }}true{{ end }}
{{- end }}
{{- define "site-follower.injectsByPolicy" -}}
{{- if and .Values.webhook.enabled (has .Values.webhook.mode (list "policy" "both")) }}true{{ end }}
{{- end }}

{{- define "site-follower.needsPolicies" -}}
{{- if semverCompare "<1.36.0-0" .Capabilities.KubeVersion.Version }}
{{- fail (printf "webhook.mode: %s needs Kubernetes 1.36 or later, for MutatingAdmissionPolicies, and this is %s; leave it at webhook" .Values.webhook.mode .Capabilities.KubeVersion.Version) }}
{{- end }}
{{- end }}

{{/* The same as the webhook is asked about. */}}
{{- define "site-follower.policyResources.pods" -}}
- operations: [CREATE]
  apiGroups: [""]
  apiVersions: [v1]
  resources: [pods]
  scope: Namespaced
{{- end }}
{{- define "site-follower.policyResources.remarks" }}{{ include "site-follower.policyResources.pods" . }}{{ end -}}
{{- define "site-follower.policyResources.workloads" -}}
- operations: [CREATE, UPDATE]
  apiGroups: [apps]
  apiVersions: [v1]
  resources: [deployments, statefulsets, daemonsets]
  scope: Namespaced
{{- end }}

{{/* What the rules of the policies are given, as the webhook is given it in its environment. */}}
{{- define "site-follower.policyVariables" -}}
{{- $resources := .Values.sidecar.resources }}
- name: image
  expression: {{ include "site-follower.image" . | trim | squote }}
- name: imagePullPolicy
  expression: {{ toJson .Values.image.pullPolicy | squote }}
- name: controllerNamespace
  expression: {{ toJson .Release.Namespace | squote }}
- name: statusName
  expression: {{ include "site-follower.statusName" . | toJson | squote }}
- name: followed
  expression: {{ (include "site-follower.followed" . | fromJson).items | toJson | squote }}
- name: runAsUser
  expression: {{ with .Values.podSecurity.runAsUser }}{{ int64 . | squote }}{{ else }}'0'{{ end }}
{{- range $kind, $of := dict "requests" "Request" "limits" "Limit" }}
{{- range $resource := list "cpu" "memory" }}
- name: usual{{ title $resource }}{{ $of }}
  expression: {{ get (get $resources $kind | default dict) $resource | default "" | toString | toJson | squote }}
{{- end }}
{{- end }}
{{- end }}
