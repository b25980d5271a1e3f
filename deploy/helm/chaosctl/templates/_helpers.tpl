{{- define "chaosctl.selector" -}}
app.kubernetes.io/name: chaosctl
app.kubernetes.io/instance: {{ .Release.Name | quote }}
app.kubernetes.io/component: serve
{{- end }}

{{- define "chaosctl.labels" -}}
{{ include "chaosctl.selector" . }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{- define "chaosctl.image" -}}
{{ .Values.image | default (printf "ghcr.io/chaosctl/chaosctl:%s" .Chart.AppVersion) }}
{{- end }}

{{- define "chaosctl.account" -}}
{{ .Values.serviceAccount.name | default .Release.Name }}
{{- end }}

{{- define "chaosctl.gameDays" -}}
{{ .Values.gameDaysConfigMap | default (printf "%s-gamedays" .Release.Name) }}
{{- end }}

{{/* rbacCommand is what prints the roles for this release. */}}
{{- define "chaosctl.rbacCommand" -}}
chaosctl rbac -f gamedays/ --leader-elect {{ .Release.Namespace }}/{{ .Release.Name }} --serviceaccount {{ .Release.Namespace }}/{{ include "chaosctl.account" . }}
{{- end }}
