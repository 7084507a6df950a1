{{- define "site-follower.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 50 | trimSuffix "-" }}
{{- end }}

{{/* The release's name, or that and the chart's. With the release named like the chart it is just that. */}}
{{- define "site-follower.fullname" -}}
{{- $name := include "site-follower.name" . }}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" }}
{{- else if contains $name .Release.Name }}
{{- .Release.Name | trunc 50 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name $name | trunc 50 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{- define "site-follower.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
app.kubernetes.io/name: {{ include "site-follower.name" . | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service | quote }}
{{- end }}

{{/* Of one component: (list $ "controller"). */}}
{{- define "site-follower.selector" -}}
{{- $root := index . 0 -}}
app.kubernetes.io/name: {{ include "site-follower.name" $root | quote }}
app.kubernetes.io/instance: {{ $root.Release.Name | quote }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end }}

{{/* The chart of a release names the digest of its image in an annotation: scripts/release/chart.ts. */}}
{{- define "site-follower.image" -}}
{{- $digest := .Values.image.digest | default (index .Chart.Annotations "site-follower/image-digest") }}
{{- if and $digest (not .Values.image.tag) -}}
{{ printf "%s@%s" .Values.image.repository $digest | quote }}
{{- else -}}
{{ printf "%s:%s" .Values.image.repository (.Values.image.tag | default .Chart.AppVersion) | quote }}
{{- end }}
{{- end }}

{{/* Pod Security "restricted", for the pod. The user is that of the image, unless the platform chooses one. */}}
{{- define "site-follower.podSecurity" -}}
runAsNonRoot: true
{{- with .Values.podSecurity.runAsUser }}
runAsUser: {{ int64 . }}
runAsGroup: {{ int64 . }}
{{- end }}
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{/* The same, for a container. */}}
{{- define "site-follower.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}

{{/*
One replica for each node, as even as can be, and for each zone if there is the choice. Of the replicas of one version
alone, or a rollout would leave them uneven. That a lost node's replica waits for the node to come back is meant: the
other one does the work, and afterwards they stand on two sites again.
*/}}
{{- define "site-follower.spread" -}}
{{- $root := index . 0 }}
{{- range list (list "kubernetes.io/hostname" "DoNotSchedule") (list "topology.kubernetes.io/zone" $root.Values.spreadOverZones) }}
- maxSkew: 1
  topologyKey: {{ index . 0 }}
  whenUnsatisfiable: {{ index . 1 }}
  labelSelector:
    matchLabels:
      {{- include "site-follower.selector" (list $root (index $ 1)) | nindent 6 }}
  matchLabelKeys: [pod-template-hash]
{{- end }}
{{- end }}

{{/* The image is for Linux. The context is a node selector of the user's. */}}
{{- define "site-follower.linux" }}
os:
  name: linux
nodeSelector:
  {{- toYaml (merge (dict "kubernetes.io/os" "linux") (. | default dict)) | nindent 2 }}
{{- end }}

{{/* Where the pods of a component run: (list $ "controller"). */}}
{{- define "site-follower.placement" -}}
{{- $root := index . 0 }}
{{- $own := index $root.Values (index . 1) }}
topologySpreadConstraints:
  {{- include "site-follower.spread" . | nindent 2 }}
{{- include "site-follower.linux" $own.nodeSelector }}
{{- with $own.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $own.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $own.priorityClassName }}
priorityClassName: {{ . | quote }}
{{- end }}
{{- end }}

{{/* Who and where the process is. */}}
{{- define "site-follower.ownPod" -}}
- name: POD_NAMESPACE
  valueFrom:
    fieldRef:
      fieldPath: metadata.namespace
- name: POD_NAME
  valueFrom:
    fieldRef:
      fieldPath: metadata.name
{{- end }}

{{- define "site-follower.pullSecrets" -}}
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
