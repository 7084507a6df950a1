{{/* What values.schema.json cannot say. Each message begins with the key. */}}
{{- define "site-follower.checks" -}}
{{- $own := .Values.controller }}
{{- if $own.config.followers }}
{{- if $own.sites }}{{ fail "controller.sites: must be left out where controller.config has followers, which have sites of their own" }}{{ end }}
{{- if $own.dns.records }}{{ fail "controller.dns.records: must be left out where controller.config has followers, which have records of their own" }}{{ end }}
{{- else if not $own.sites }}
{{- fail "controller.sites: at least one site is needed, such as --set controller.sites.us-east.nodeName=node-1" }}
{{- end }}
{{- $fullname := include "site-follower.fullname" . }}
{{- if not (regexMatch "^[a-z][-a-z0-9]*$" $fullname) }}
{{- fail (printf "fullnameOverride: must be set, as %s can be no name of a Service: lower-case letters, digits and \"-\", with a letter first" $fullname) }}
{{- end }}
{{- include "site-follower.noSecrets" (list "controller.config" "" $own.config $own.env) }}
{{- range $name, $key := dict "HTTPS_PROXY" "https" "HTTP_PROXY" "http" }}
{{- if hasKey $own.env $name }}{{ fail (printf "controller.env.%s: a secret must not stand in a Deployment, and the address of a proxy may hold one; set controller.proxy.%s, or name a Secret as controller.proxy.existingSecret" $name $key) }}{{ end }}
{{- end }}
{{- range $name, $value := $own.env }}
{{- if regexMatch "(_KEY|_SECRET|_TOKEN|PASSWORD)$" $name }}{{ fail (printf "controller.env.%s: a secret must not stand in a Deployment; name a Secret with this key in controller.envFrom" $name) }}{{ end }}
{{- end }}
{{- include "site-follower.ownSettings" . }}
{{- include "site-follower.ownerFits" $own.dns }}
{{- if and $own.dns.records (ne $own.dns.provider "none") }}{{ include "site-follower.dnsIsComplete" . }}{{ end }}
{{- with $own.env.NOTIFY }}{{ include "site-follower.noSecrets" (list "controller.env.NOTIFY" "" (fromJsonArray .) $own.env) }}{{ end }}
{{- include "site-follower.startup" . }}
{{- with .Values.webhook.callers }}
{{- if and .authority (not .names) }}{{ fail "webhook.callers.names: at least one common name is needed, as webhook.callers.authority may have issued certificates to others as well" }}{{ end }}
{{- end }}
{{- end }}

{{/*
Fails where a setting is made by controller.env or controller.config that the chart makes itself: twice in one Deployment
it would be refused by the API server, and roles, probes and the webhook go by the values alone.
*/}}
{{- define "site-follower.ownSettings" -}}
{{- $own := .Values.controller }}
{{- $values := include "site-follower.valuesOfVariables" . | fromYaml }}
{{- range $provider, $table := include "site-follower.providers" . | fromYaml }}
{{- range $kind := list $table.plain ($table.secret | default dict) }}
{{- range $key, $variable := $kind }}{{ $_ := set $values $variable (printf "controller.dns.%s.%s" $provider $key) }}{{ end }}
{{- end }}
{{- end }}
{{- range $key, $variable := include "site-follower.ownerVariables" . | fromYaml }}{{ $_ := set $values $variable (printf "controller.dns.owner.%s" $key) }}{{ end }}
{{- range $name, $_ := $own.env }}
{{- with get $values $name }}{{ fail (printf "controller.env.%s: must be set as %s instead" $name .) }}{{ end }}
{{- end }}
{{- range $name := list "HTTP_PORT" "LEADER_ELECTION" "POD_NAMESPACE" "POD_NAME" "KUBECONFIG" }}
{{- if hasKey $own.env $name }}{{ fail (printf "controller.env.%s: must be left out, as the chart needs it to be what it is" $name) }}{{ end }}
{{- end }}
{{- range $key, $usual := dict "httpPort" 8080 "leaderElection" true "namespace" "" "podName" "" }}
{{- if and (hasKey $own.config $key) (ne (toString (get $own.config $key)) (toString $usual)) }}{{ fail (printf "controller.config.%s: must be left out, as the chart needs it to be what it is" $key) }}{{ end }}
{{- end }}
{{- with $own.config.logLevel }}
{{- if ne . $.Values.logLevel }}{{ fail "controller.config.logLevel: must be set as logLevel instead" }}{{ end }}
{{- end }}
{{- end }}

{{/* Fails where the controller would refuse to start, as records are listed and something is missing that they need. */}}
{{- define "site-follower.dnsIsComplete" -}}
{{- $own := .Values.controller }}
{{- range $name, $site := $own.sites }}
{{- if not (or $site.ip $site.ipv6 $site.cname) }}{{ fail (printf "controller.sites.%s: needs ip, ipv6 or cname, for controller.dns.records to point at" $name) }}{{ end }}
{{- end }}
{{- $provider := $own.dns.provider }}
{{- $values := get $own.dns $provider }}
{{- $table := get (include "site-follower.providers" . | fromYaml) $provider }}
{{- range $key := $table.required }}
{{- $isSecret := hasKey ($table.secret | default dict) $key }}
{{- $elsewhere := or $own.envFrom (and $isSecret $values.existingSecret) }}
{{- if not (or (get $values $key) $elsewhere) }}{{ fail (printf "controller.dns.%s.%s: is needed, as controller.dns.records are listed%s" $provider $key (ternary (printf "; or name a Secret as controller.dns.%s.existingSecret" $provider) "" $isSecret)) }}{{ end }}
{{- end }}
{{- if and (eq $provider "route53") $values.zoneId $values.privateZone }}{{ fail "controller.dns.route53.privateZone: must not be set beside controller.dns.route53.zoneId, which says it already" }}{{ end }}
{{- end }}

{{/* Fails where the controller would refuse the owner of the records. */}}
{{- define "site-follower.ownerFits" -}}
{{- with .owner }}
{{- if and .id (eq $.provider "external-dns") }}{{ fail "controller.dns.owner.id: must be left out with external-dns, which tells an owner of its own: see --txt-owner-id" }}{{ end }}
{{- if and .id .prefix .suffix }}{{ fail "controller.dns.owner.suffix: must be left out beside a prefix, as with ExternalDNS" }}{{ end }}
{{- end }}
{{- end }}

{{- define "site-follower.ownerVariables" -}}
id: DNS_OWNER_ID
prefix: DNS_OWNER_PREFIX
suffix: DNS_OWNER_SUFFIX
wildcard: DNS_OWNER_WILDCARD
adopt: DNS_OWNER_ADOPT
{{- end }}

{{- define "site-follower.valuesOfVariables" -}}
LOG_LEVEL: logLevel
DRY_RUN: controller.dryRun
CONFIG_FILE: controller.config
CONFIGMAP_NAME: controller.config.configMapName
SITES: controller.sites
CNPG_NAMESPACE: controller.watch.namespace
CNPG_CLUSTER_NAME: controller.watch.clusterName
PREFERRED_PRIMARY_NODE: controller.watch.preferredPrimaryNode
FOLLOW_SERVICES: controller.routing.followServices
POD_CONDITIONS: controller.routing.podConditions
CONDITION_ORDER: controller.routing.conditionOrder
NODE_LABEL: controller.routing.nodeLabel
DNS_PROVIDER: controller.dns.provider
DNS_RECORDS: controller.dns.records
DNS_TTL: controller.dns.ttl
DNS_NAME_SERVERS: controller.dns.nameServers
HTTPS_PROXY: controller.proxy.https
HTTP_PROXY: controller.proxy.http
NO_PROXY: controller.proxy.noProxy
NODE_EXTRA_CA_CERTS: controller.proxy.caConfigMap
{{- end }}

{{/*
Fails where a text stands under the name of a secret, since a ConfigMap would show it to everybody: (list "path" "key"
value variables). What only refers to a secret, such as {"env": "NAME"}, is fine, unless that is one of the variables,
which a Deployment would show. The address of a chat's hook is a secret too. Triggers only ever have the names of
Secrets.
*/}}
{{- define "site-follower.noSecrets" -}}
{{- $path := index . 0 }}
{{- $key := index . 1 }}
{{- $value := index . 2 }}
{{- $variables := index . 3 }}
{{- if kindIs "map" $value }}
{{- $name := get $value "env" | toString }}
{{- if hasKey $variables $name }}{{ fail (printf "controller.env.%s: a secret must not stand in a Deployment, and %s refers to it as one; name a Secret with this key in controller.envFrom" $name $path) }}{{ end }}
{{- $isChat := and (hasKey $value "preset") (ne (toString $value.preset) "webhook") }}
{{- range $name, $item := omit $value "trigger" }}
{{- $isSecret := or (regexMatch "(?i)(key|secrets?|token|password)$" $name) (and $isChat (eq $name "url")) }}
{{- include "site-follower.noSecrets" (list (printf "%s.%s" $path $name) (ternary "secret" "" $isSecret) $item $variables) }}
{{- end }}
{{- else if kindIs "slice" $value }}
{{- range $index, $item := $value }}
{{- include "site-follower.noSecrets" (list (printf "%s[%d]" $path $index) $key $item $variables) }}
{{- end }}
{{- else if and $key $value }}
{{- fail (printf "%s: a secret must not stand in a ConfigMap; write {env: VARIABLE} there, and name a Secret with that key in controller.envFrom" $path) }}
{{- end }}
{{- end }}
