// Follows a primary as a small operator on client-go does: an informer for Clusters, one for pods, a rate-limited queue, and a
// ConfigMap that is written when the primary's site has changed. No Lease, no safety, no metrics.
//
//	informer KUBECONFIG NAMESPACE CLUSTER CONFIGMAP SITES      (SITES: a JSON object, node name → site)
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/dynamic/dynamicinformer"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	corelisters "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/util/workqueue"
)

const resync = 10 * time.Minute

var clusters = schema.GroupVersionResource{Group: "postgresql.cnpg.io", Version: "v1", Resource: "clusters"}

type follower struct {
	client    kubernetes.Interface
	clusters  cache.GenericLister
	pods      corelisters.PodLister
	namespace string
	cluster   string
	configMap string
	sites     map[string]string
	site      string
	epoch     int
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 5 {
		return fmt.Errorf("informer KUBECONFIG NAMESPACE CLUSTER CONFIGMAP SITES")
	}
	kubeconfig, namespace, cluster, configMap := args[0], args[1], args[2], args[3]
	sites := map[string]string{}
	if err := json.Unmarshal([]byte(args[4]), &sites); err != nil {
		return fmt.Errorf("SITES: %w", err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()

	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return err
	}
	// By default client-go lets 5 requests a second pass: what is measured is the program, not that.
	config.QPS = -1
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	dynamicClient, err := dynamic.NewForConfig(config)
	if err != nil {
		return err
	}
	byName := func(options *metav1.ListOptions) {
		options.FieldSelector = fields.OneTermEqualSelector("metadata.name", cluster).String()
	}
	clusterInformers := dynamicinformer.NewFilteredDynamicSharedInformerFactory(dynamicClient, resync, namespace, byName)
	podInformers := informers.NewSharedInformerFactoryWithOptions(client, resync, informers.WithNamespace(namespace))

	queue := workqueue.NewTypedRateLimitingQueue(workqueue.DefaultTypedControllerRateLimiter[string]())
	enqueue := func(any) { queue.Add(cluster) }
	handler := cache.ResourceEventHandlerFuncs{
		AddFunc:    enqueue,
		UpdateFunc: func(_, now any) { enqueue(now) },
		DeleteFunc: enqueue,
	}
	ofClusters := clusterInformers.ForResource(clusters)
	if _, err := ofClusters.Informer().AddEventHandler(handler); err != nil {
		return err
	}
	f := &follower{
		client: client, clusters: ofClusters.Lister(), pods: podInformers.Core().V1().Pods().Lister(),
		namespace: namespace, cluster: cluster, configMap: configMap, sites: sites,
	}
	clusterInformers.Start(ctx.Done())
	podInformers.Start(ctx.Done())
	clusterInformers.WaitForCacheSync(ctx.Done())
	podInformers.WaitForCacheSync(ctx.Done())
	fmt.Println(`{"msg":"watching"}`)

	go func() {
		<-ctx.Done()
		queue.ShutDown()
	}()
	for {
		key, shutdown := queue.Get()
		if shutdown {
			return nil
		}
		if err := f.reconcile(ctx); err != nil {
			fmt.Fprintln(os.Stderr, err)
			queue.AddRateLimited(key)
		} else {
			queue.Forget(key)
		}
		queue.Done(key)
	}
}

func (f *follower) reconcile(ctx context.Context) error {
	object, err := f.clusters.ByNamespace(f.namespace).Get(f.cluster)
	if err != nil {
		return err
	}
	cluster, ok := object.(*unstructured.Unstructured)
	if !ok {
		return fmt.Errorf("a Cluster is a %T", object)
	}
	primary, _, err := unstructured.NestedString(cluster.Object, "status", "currentPrimary")
	if err != nil || primary == "" {
		return err
	}
	pod, err := f.pods.Pods(f.namespace).Get(primary)
	if err != nil {
		return err
	}
	node := pod.Spec.NodeName
	site, known := f.sites[node]
	if !known {
		return fmt.Errorf("node %q is in no site", node)
	}
	if site == f.site {
		return nil
	}
	now := time.Now().UTC().Format(time.RFC3339)
	written := &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Namespace: f.namespace, Name: f.configMap},
		Data: map[string]string{
			"active-site": site, "active-node": node, "primary": primary, "phase": "Settled", "reason": "",
			"epoch": strconv.Itoa(f.epoch + 1), "since": now, "last-updated": now, "sites": "{}",
		},
	}
	configMaps := f.client.CoreV1().ConfigMaps(f.namespace)
	if _, err = configMaps.Update(ctx, written, metav1.UpdateOptions{}); apierrors.IsNotFound(err) {
		_, err = configMaps.Create(ctx, written, metav1.CreateOptions{})
	}
	if err != nil {
		return err
	}
	f.site, f.epoch = site, f.epoch+1
	return nil
}
