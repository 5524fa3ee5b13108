package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	runtimeapi "k8s.io/cri-api/pkg/apis/runtime/v1"
	"k8s.io/cri-streaming/pkg/streaming"
	"k8s.io/cri-streaming/pkg/streaming/remotecommand"
	"k8s.io/klog/v2"
)

// portForwarder serves `kubectl port-forward`. On a real node the container runtime connects inside the pod's network namespace. Here a pod
// is an address of this machine, so the kubelet connects itself, with upstream's own server for the stream protocols (SPDY and WebSocket).
type portForwarder struct{ server streaming.Server }

const dialTimeout = 5 * time.Second

// startPortForwarder serves on a free loopback port until ctx ends. A URL holds a random token and works once, within a minute.
func startPortForwarder(ctx context.Context) (*portForwarder, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	config := streaming.DefaultConfig
	config.BaseURL = &url.URL{Scheme: "http", Host: listener.Addr().String()}
	server, err := streaming.NewServer(config, podPorts{})
	if err != nil {
		return nil, err
	}
	web := &http.Server{Handler: server, ReadHeaderTimeout: dialTimeout}
	go func() {
		if err := web.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			klog.FromContext(ctx).Error(err, "Port forwarding stopped")
		}
	}()
	go func() {
		<-ctx.Done()
		_ = web.Close()
	}()
	return &portForwarder{server}, nil
}

// offer gives the URL that the client's connection is passed on to.
func (p *portForwarder) offer(podAddress string, ports []int32) (*url.URL, error) {
	if podAddress == "" {
		return nil, errors.New("the pod has no address yet")
	}
	response, err := p.server.GetPortForward(&runtimeapi.PortForwardRequest{PodSandboxId: podAddress, Port: ports})
	if err != nil {
		return nil, err
	}
	return url.Parse(response.Url)
}

// podPorts connects streams to ports of pods. The sandbox id is the pod's address.
type podPorts struct{}

func (podPorts) PortForward(ctx context.Context, podAddress string, port int32, stream io.ReadWriteCloser) error {
	connection, err := dialPod(ctx, podAddress, port)
	if err != nil {
		return err
	}
	defer func() { _ = connection.Close() }()
	toPod := make(chan struct{})
	go func() {
		defer close(toPod)
		_, _ = io.Copy(connection, stream)
		_ = connection.(*net.TCPConn).CloseWrite()
	}()
	_, err = io.Copy(stream, connection)
	_ = stream.Close()
	<-toPod
	return err
}

// dialPod connects to the address of this machine that stands for the pod's. A program that is no Node program listens on an address of its
// own; its relay passes on declared ports only, so ports that the pod does not declare are tried there.
func dialPod(ctx context.Context, podAddress string, port int32) (net.Conn, error) {
	dialer := net.Dialer{Timeout: dialTimeout}
	if !podsOnLoopback {
		return dialer.DialContext(ctx, "tcp", net.JoinHostPort(podAddress, strconv.Itoa(int(port))))
	}
	address := loopbackAddress(net.JoinHostPort(podAddress, strconv.Itoa(int(port))))
	connection, err := dialer.DialContext(ctx, "tcp", address)
	if err == nil {
		return connection, nil
	}
	native := net.JoinHostPort("127.245."+strings.TrimPrefix(podAddress, "10.244."), strconv.Itoa(int(port)))
	if connection, err := dialer.DialContext(ctx, "tcp", native); err == nil {
		return connection, nil
	}
	return nil, fmt.Errorf("nothing in the pod listens on port %d: %w", port, err)
}

var errElsewhere = errors.New("exec and attach are served by the container runtime")

func (podPorts) Exec(context.Context, string, []string, io.Reader, io.WriteCloser, io.WriteCloser, bool, <-chan remotecommand.TerminalSize) error {
	return errElsewhere
}

func (podPorts) Attach(context.Context, string, io.Reader, io.WriteCloser, io.WriteCloser, bool, <-chan remotecommand.TerminalSize) error {
	return errElsewhere
}
