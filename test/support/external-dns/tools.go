//go:build tools

// Package tools names what the tests build, so that go.mod and go.sum cover it.
package tools

import (
	_ "sigs.k8s.io/external-dns"
)
