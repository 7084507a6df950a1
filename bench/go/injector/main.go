// Injects a sidecar as a small webhook on controller-runtime does: the pod is decoded, a container and a volume are added, and
// the patch is what differs. No settings, no checks, no limits.
//
//	injector CERTIFICATE-FOLDER PORT      (tls.crt and tls.key are in the folder)
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"syscall"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/client-go/kubernetes/scheme"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
	"sigs.k8s.io/controller-runtime/pkg/webhook"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"
)

type injector struct{ decoder admission.Decoder }

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 2 {
		return fmt.Errorf("injector CERTIFICATE-FOLDER PORT")
	}
	port, err := strconv.Atoi(args[1])
	if err != nil {
		return fmt.Errorf("PORT: %w", err)
	}
	ctrl.SetLogger(zap.New())
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	server := webhook.NewServer(webhook.Options{Host: "127.0.0.1", Port: port, CertDir: args[0]})
	server.Register("/mutate", &admission.Webhook{Handler: &injector{admission.NewDecoder(scheme.Scheme)}})
	return server.Start(ctx)
}

func (i *injector) Handle(_ context.Context, request admission.Request) admission.Response {
	pod := &corev1.Pod{}
	if err := i.decoder.Decode(request, pod); err != nil {
		return admission.Errored(http.StatusBadRequest, err)
	}
	always := corev1.ContainerRestartPolicyAlways
	sidecar := corev1.Container{
		Name:          "site-follower",
		Image:         "kube-site-follower:bench",
		Command:       []string{"/nodejs/bin/node", "/app/sidecar.cjs"},
		RestartPolicy: &always,
		Env:           []corev1.EnvVar{{Name: "FOLLOWER", Value: "default"}},
		Ports:         []corev1.ContainerPort{{Name: "site-follower", ContainerPort: 9912}},
		Resources: corev1.ResourceRequirements{
			Requests: corev1.ResourceList{"cpu": resource.MustParse("5m"), "memory": resource.MustParse("32Mi")},
			Limits:   corev1.ResourceList{"memory": resource.MustParse("64Mi")},
		},
		VolumeMounts: []corev1.VolumeMount{{Name: "site-follower", MountPath: "/var/run/site-follower", ReadOnly: true}},
	}
	pod.Spec.InitContainers = append([]corev1.Container{sidecar}, pod.Spec.InitContainers...)
	pod.Spec.Volumes = append(pod.Spec.Volumes, corev1.Volume{
		Name: "site-follower",
		VolumeSource: corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{
			LocalObjectReference: corev1.LocalObjectReference{Name: "kube-site-follower-status"},
		}},
	})
	if pod.Annotations == nil {
		pod.Annotations = map[string]string{}
	}
	pod.Annotations["site-follower/status"] = "injected"
	patched, err := json.Marshal(pod)
	if err != nil {
		return admission.Errored(http.StatusInternalServerError, err)
	}
	return admission.PatchResponseFromRaw(request.Object.Raw, patched)
}
