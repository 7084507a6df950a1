{{/*
What is allowed to whom, each rule with the reason beside it. A test compares what is rendered with the tables that the
integration tests prove to be enough and needed (controller/rights.ts, those of the triggers, webhook/rights.ts).
*/}}

{{/* The controller, in its own namespace; the context is the root. */}}
{{- define "site-follower.rules.own" -}}
{{- range include "site-follower.statusNames" . | fromJsonArray }}
# Keeps the status; one that was made immutable has to be made anew.
{{- /* Unused in the e2e run: delete configmaps: nobody makes one immutable. */}}
- apiGroups: [""]
  resources: [configmaps]
  resourceNames: [{{ . | quote }}]
  verbs: [get, list, watch, update, delete]
{{- end }}
{{- range include "site-follower.reportNames" . | fromJsonArray }}
# Keeps the report, the same way.
- apiGroups: [""]
  resources: [configmaps]
  resourceNames: [{{ . | quote }}]
  verbs: [get, list, watch, update, delete]
{{- end }}
{{- with include "site-follower.snapshotNames" . | fromJson }}
{{- if .any }}
# Keeps what a DNS zone was before it was written; the names of some zones cannot be told here.
- apiGroups: [""]
  resources: [configmaps]
  verbs: [get, update]
{{- end }}
{{- range .names }}
# Keeps what a DNS zone was before it was written.
{{- /* Unused in the e2e run: get,update configmaps: a record may be in another zone. */}}
- apiGroups: [""]
  resources: [configmaps]
  resourceNames: [{{ . | quote }}]
  verbs: [get, update]
{{- end }}
{{- end }}
# Reads from its own pod whether `kubectl rollout restart` was used on it.
- apiGroups: [""]
  resources: [pods]
  verbs: [get]
# Has one leader among the replicas.
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  resourceNames: [kube-site-follower]
  verbs: [get, list, watch, update]
# Makes that Lease; RBAC cannot limit that to a name.
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  verbs: [create]
# Tells what happened to those who look with `kubectl describe`.
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [create]
{{- end }}

{{/* The controller, where ExternalDNS reads what it shall make. */}}
{{- define "site-follower.rules.externalDns" -}}
# Has ExternalDNS make the records. Server-side apply is a patch, and a creation where there is none.
- apiGroups: [externaldns.k8s.io]
  resources: [dnsendpoints]
  verbs: [get, create, patch]
{{- end }}

{{/* The controller, everywhere; the context is the root. */}}
{{- define "site-follower.rules.cluster" -}}
# Reads whether the node of the primary exists, and its labels.
- apiGroups: [""]
  resources: [nodes]
  verbs: [get]
{{- $selector := false }}
{{- $nodeStatus := false }}
{{- $routing := dict "followServices" false "podConditions" false "nodeLabel" false }}
{{- range (include "site-follower.followers" . | fromJson).items }}
{{- if .selector }}{{ $selector = true }}{{ end }}
{{- if eq .kind "node-status" }}{{ $nodeStatus = true }}{{ end }}
{{- range $way, $isOn := .routing }}{{ if eq (toString $isOn) "true" }}{{ $_ := set $routing $way true }}{{ end }}{{ end }}
{{- end }}
{{- if $selector }}
# Knows the nodes of a site that is named by labels, or is the whole cluster.
- apiGroups: [""]
  resources: [nodes]
  verbs: [list, watch]
{{- end }}
{{- if $nodeStatus }}
# Hears at once when a node becomes ready or is so no more.
- apiGroups: [""]
  resources: [nodes]
  verbs: [list, watch]
{{- end }}
# Finds the namespaces that ask for a copy of the status.
- apiGroups: [""]
  resources: [namespaces]
  verbs: [list, watch]
# Finds the namespaces with injected pods, which need a copy of the status.
- apiGroups: [""]
  resources: [pods]
  verbs: [list, watch]
{{- range include "site-follower.statusNames" . | fromJsonArray }}
# Keeps the copies of the status where they are asked for, and removes them where not.
- apiGroups: [""]
  resources: [configmaps]
  resourceNames: [{{ . | quote }}]
  verbs: [get, list, watch, update, delete]
{{- end }}
# Makes the copies, the status and the report; RBAC cannot limit that to a name.
- apiGroups: [""]
  resources: [configmaps]
  verbs: [create]
{{- with $routing }}
{{- if .followServices }}
# Has the Services that follow select the pods of the active site.
- apiGroups: [""]
  resources: [services]
  verbs: [list, watch, patch]
# Labels the pods of those Services with the site of their node.
- apiGroups: [""]
  resources: [pods]
  verbs: [patch]
{{- end }}
{{- if .podConditions }}
# Keeps the condition of pods that are gated by it.
- apiGroups: [""]
  resources: [pods/status]
  verbs: [patch]
{{- end }}
{{- if .nodeLabel }}
# Labels the nodes of the active site.
- apiGroups: [""]
  resources: [nodes]
  verbs: [list, watch, patch]
{{- end }}
{{- end }}
{{- end }}

{{/*
The controller, in the namespace of what it follows: one template for each kind of trigger; the context is an item of
site-follower.followers. What is not namespaced has its rules in a ClusterRole. A trigger that needs nothing there has
an empty one.
*/}}
{{- define "site-follower.rules.trigger.manual" }}{{ end -}}
{{- define "site-follower.rules.trigger.node-status" }}{{ end -}}

{{- define "site-follower.rules.trigger.pod-label" -}}
# Reads which pod has the label of the primary, and hears at once when that changes.
- apiGroups: [""]
  resources: [pods]
  verbs: [list, watch]
{{- end }}

{{- define "site-follower.rules.trigger.lease" -}}
# Reads who holds the Lease, and hears at once when that changes.
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  resourceNames: [{{ required "controller.config.followers: a lease trigger needs a name" .trigger.name | quote }}]
  verbs: [get, list, watch]
# Reads on which node the holder runs.
- apiGroups: [""]
  resources: [pods]
  verbs: [get]
{{- end }}

{{- define "site-follower.rules.trigger.mongodb" -}}
{{- if eq (toString .trigger.source) "psmdb" -}}
# Reads which member is the primary, and hears at once when that changes.
- apiGroups: [psmdb.percona.com]
  resources: [perconaservermongodbs]
  resourceNames: [{{ required "controller.config.followers: a psmdb trigger needs a clusterName" .trigger.clusterName | quote }}]
  verbs: [get, list, watch]
{{ end -}}
# Reads on which node the primary runs.
- apiGroups: [""]
  resources: [pods]
  verbs: [get]
{{- with list .trigger.credentialsSecret .trigger.tlsSecret | compact }}
# Reads how to log in to the members.
- apiGroups: [""]
  resources: [secrets]
  resourceNames: {{ toJson . }}
  verbs: [get]
{{- end }}
{{- end }}

{{- define "site-follower.rules.trigger.resource" -}}
{{- $parts := splitList "/" (required "controller.config.followers: a resource trigger needs an apiVersion" .trigger.apiVersion) -}}
# Reads whom the object names, and hears at once when that changes.
- apiGroups: [{{ ternary (first $parts) "" (gt (len $parts) 1) | quote }}]
  resources: [{{ required "controller.config.followers: a resource trigger needs a resource" .trigger.resource | quote }}]
  resourceNames: [{{ required "controller.config.followers: a resource trigger needs a name" .trigger.name | quote }}]
  verbs: [get, list, watch]
{{- end }}

{{/* The same, in the namespace of the pods that such an object names. */}}
{{- define "site-follower.rules.trigger.resource.pods" -}}
# Reads on which node the pod runs that the object names.
- apiGroups: [""]
  resources: [pods]
  verbs: [get]
{{- end }}

{{- define "site-follower.rules.trigger.cnpg-topology" }}{{ include "site-follower.rules.trigger.cnpg" . }}{{ end -}}
{{- define "site-follower.rules.trigger.cnpg" -}}
# Reads which instance is the primary, and hears at once when that changes.
- apiGroups: [postgresql.cnpg.io]
  resources: [clusters]
  verbs: [get, list, watch]
# Reads on which node the primary runs; pods move without the Cluster changing.
- apiGroups: [""]
  resources: [pods]
  verbs: [get, list, watch]
{{- if .preferred }}
# Asks the operator to promote the instance on the preferred node.
- apiGroups: [postgresql.cnpg.io]
  resources: [clusters/status]
  verbs: [patch]
# Waits for running backups before it has the primary moved.
- apiGroups: [postgresql.cnpg.io]
  resources: [backups]
  verbs: [list]
{{- end }}
{{- end }}

{{/* The webhook, in its own namespace. */}}
{{- define "site-follower.rules.webhook.own" -}}
{{- if not .Values.webhook.certManager.enabled -}}
# Shares its certificates among the replicas, and renews them.
{{- /* Unused in the e2e run: update secrets: the first renewal is weeks away. */}}
- apiGroups: [""]
  resources: [secrets]
  resourceNames: [{{ include "site-follower.fullname" . }}-webhook-tls]
  verbs: [get, list, watch, update]
{{ end -}}
{{- range include "site-follower.statusNames" . | fromJsonArray }}
# Knows from the status which site a new Service that follows has to route to, and which pods are followed.
- apiGroups: [""]
  resources: [configmaps]
  resourceNames: [{{ . | quote }}]
  verbs: [list, watch]
{{- end }}
# Has one replica that looks for pods without their sidecar.
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  resourceNames: [kube-site-follower-webhook]
  verbs: [get, list, watch, update]
# Makes that Lease; RBAC cannot limit that to a name.
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  verbs: [create]
# Names those pods in a ConfigMap.
{{- /* Unused in the e2e run: update configmaps: no pod goes without the sidecar that it asks for. */}}
- apiGroups: [""]
  resources: [configmaps]
  resourceNames: [kube-site-follower-injection]
  verbs: [get, update]
# Makes that ConfigMap; RBAC cannot limit that to a name.
- apiGroups: [""]
  resources: [configmaps]
  verbs: [create]
{{- end }}

{{/* The webhook, everywhere. */}}
{{- define "site-follower.rules.webhook.cluster" -}}
{{- if .Values.webhook.certManager.enabled -}}
# Knows from its own configuration whether the API server trusts its certificate.
- apiGroups: [admissionregistration.k8s.io]
  resources: [mutatingwebhookconfigurations]
  resourceNames: [{{ include "site-follower.fullname" . }}-webhook]
  verbs: [list, watch]
{{ else -}}
# Keeps the caBundle of its own configuration right.
- apiGroups: [admissionregistration.k8s.io]
  resources: [mutatingwebhookconfigurations]
  resourceNames: [{{ include "site-follower.fullname" . }}-webhook]
  verbs: [list, watch, patch]
{{ end -}}
# Finds pods that ask for the sidecar and run without it.
- apiGroups: [""]
  resources: [pods]
  verbs: [list]
# Finds the namespaces that ask for the sidecar as a whole.
- apiGroups: [""]
  resources: [namespaces]
  verbs: [list]
# Says which annotation fits where a LimitRange would refuse a pod for its sidecar.
- apiGroups: [""]
  resources: [limitranges]
  verbs: [list, watch]
# Tells what happened to those who look with `kubectl describe`.
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [create]
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
# Waits until the processes are gone, as they would make anew what is removed.
- apiGroups: [""]
  resources: [pods]
  verbs: [list]
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
