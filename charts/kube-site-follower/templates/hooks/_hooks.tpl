{{/* A Job of this image that belongs to a hook, with all that it needs: (dict "root" "name" "hook" "args" …). */}}
{{- define "site-follower.hookMetadata" -}}
labels:
  {{- include "site-follower.labels" .root | nindent 2 }}
  app.kubernetes.io/component: {{ .name }}
annotations:
  helm.sh/hook: {{ .hook }}
  helm.sh/hook-weight: {{ .weight | quote }}
  helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
  helm.sh/hook-output-log-policy: {{ .logs | default "hook-failed" }}
{{- end }}

{{/* The account of a hook's pod. */}}
{{- define "site-follower.hookAccount" -}}
apiVersion: v1
kind: ServiceAccount
metadata:
  name: {{ include "site-follower.fullname" .root }}-{{ .name }}
  namespace: {{ .root.Release.Namespace | quote }}
  {{- include "site-follower.hookMetadata" (merge (dict "weight" 0) .) | nindent 2 }}
automountServiceAccountToken: false
{{- end }}

{{/* "manifests" is the name of a ConfigMap to mount at /manifests, if any. */}}
{{- define "site-follower.hookJob" -}}
{{ include "site-follower.hookAccount" . }}
---
apiVersion: batch/v1
kind: Job
metadata:
  name: {{ include "site-follower.fullname" .root }}-{{ .name }}
  namespace: {{ .root.Release.Namespace | quote }}
  {{- include "site-follower.hookMetadata" (merge (dict "weight" 5) .) | nindent 2 }}
spec:
  backoffLimit: 3
  # One that has failed stays for its log; Helm would remove it at the next installation alone.
  ttlSecondsAfterFinished: 86400
  activeDeadlineSeconds: {{ .deadline }}
  podFailurePolicy:
    rules:
      # Refused: another try would be refused as well (cli/release/run.ts).
      - action: FailJob
        onExitCodes:
          containerName: {{ .name }}
          operator: In
          values: [2]
  template:
    metadata:
      labels:
        {{- include "site-follower.labels" .root | nindent 8 }}
        app.kubernetes.io/component: {{ .name }}
    spec:
      {{- include "site-follower.hookPod" . | nindent 6 }}
{{- end }}

{{- define "site-follower.hookPod" -}}
restartPolicy: Never
serviceAccountName: {{ include "site-follower.fullname" .root }}-{{ .name }}
automountServiceAccountToken: true
enableServiceLinks: false
securityContext:
  {{- include "site-follower.podSecurity" .root | nindent 2 }}
{{- include "site-follower.pullSecrets" .root }}
{{- include "site-follower.linux" .root.Values.controller.nodeSelector }}
{{- with .root.Values.controller.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
containers:
  - name: {{ .name }}
    image: {{ include "site-follower.image" .root }}
    imagePullPolicy: {{ .root.Values.image.pullPolicy }}
    command: [/nodejs/bin/node, /app/cli.mjs]
    args:
      {{- toYaml .args | nindent 6 }}
    env:
      {{- include "site-follower.ownPod" .root | nindent 6 }}
    resources:
      requests:
        cpu: 10m
        memory: 64Mi
      limits:
        memory: 256Mi
    securityContext:
      {{- include "site-follower.containerSecurity" .root | nindent 6 }}
    {{- if .manifests }}
    volumeMounts:
      - name: manifests
        mountPath: /manifests
        readOnly: true
    {{- end }}
{{- with .manifests }}
volumes:
  - name: manifests
    configMap:
      name: {{ . }}
{{- end }}
{{- end }}

{{/* What the Job may do: as site-follower.role, for a hook. */}}
{{- define "site-follower.hookRole" -}}
{{- $fullname := include "site-follower.fullname" .root }}
{{- $metadata := include "site-follower.hookMetadata" (merge (dict "weight" 1) .) }}
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ if .namespace }}Role{{ else }}ClusterRole{{ end }}
metadata:
  name: {{ $fullname }}-{{ .name }}
  {{- with .namespace }}
  namespace: {{ . | quote }}
  {{- end }}
  {{- $metadata | nindent 2 }}
rules:
  {{- .rules | nindent 2 }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ if .namespace }}RoleBinding{{ else }}ClusterRoleBinding{{ end }}
metadata:
  name: {{ $fullname }}-{{ .name }}
  {{- with .namespace }}
  namespace: {{ . | quote }}
  {{- end }}
  {{- $metadata | nindent 2 }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: {{ if .namespace }}Role{{ else }}ClusterRole{{ end }}
  name: {{ $fullname }}-{{ .name }}
subjects:
  - kind: ServiceAccount
    name: {{ $fullname }}-{{ .name }}
    namespace: {{ .root.Release.Namespace | quote }}
{{- end }}
