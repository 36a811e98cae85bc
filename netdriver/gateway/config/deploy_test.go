// This file tests that what is deployed by the examples starts, and is given the time to end.

package config_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/fluxor-db/fluxor/netdriver/gateway"
	"github.com/fluxor-db/fluxor/netdriver/gateway/config"
)

// manifest is what is looked at in Kubernetes' objects.
type manifest struct {
	Kind string
	Data map[string]string
	Spec struct {
		Replicas int
		Template struct {
			Spec struct {
				Grace      int `yaml:"terminationGracePeriodSeconds"`
				Containers []map[string]any
			}
		}
	}
}

func TestTheExampleForKubernetesIsAValidConfigurationWithProbesAndTimeToDrain(t *testing.T) {
	text, err := os.ReadFile("../../../deploy/kubernetes.yaml")
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]manifest{}
	for d := yaml.NewDecoder(bytes.NewReader(text)); ; {
		var m manifest
		if err := d.Decode(&m); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		kinds[m.Kind] = m
	}
	dir := t.TempDir()
	if _, certificate, key, err := authority(t).Files(dir); err != nil ||
		os.Rename(certificate, filepath.Join(dir, "tls.crt")) != nil || os.Rename(key, filepath.Join(dir, "tls.key")) != nil {
		t.Fatal(err)
	}
	inner := strings.ReplaceAll(kinds["ConfigMap"].Data["gateway.yaml"], "/etc/fluxor-tls", dir)
	f, err := config.Parse("gateway.yaml", []byte(inner), environment(map[string]string{
		"ERP_DSN": "erp.db", "ORDERS_TOKEN_HASH": hash, "OPS_TOKEN_HASH": hash,
	}))
	if err != nil {
		t.Fatal(err)
	}
	pod := kinds["Deployment"].Spec.Template.Spec
	if grace := time.Duration(pod.Grace) * time.Second; grace <= f.Drain.Delay+f.Drain.Timeout {
		t.Errorf("the pod has %s to end, the gateway takes %s and %s", grace, f.Drain.Delay, f.Drain.Timeout)
	}
	for _, probe := range []string{"startupProbe", "livenessProbe", "readinessProbe"} {
		if pod.Containers[0][probe] == nil {
			t.Errorf("there is no %s", probe)
		}
	}
	if kinds["Deployment"].Spec.Replicas < 2 || f.Admin.Listen == "" {
		t.Error("want several replicas, each with an admin listener")
	}
}

func TestTheUnitForSystemdGivesTimeToDrain(t *testing.T) {
	text, err := os.ReadFile("../../../deploy/fluxor-gateway.service")
	if err != nil {
		t.Fatal(err)
	}
	stop := regexp.MustCompile(`(?m)^TimeoutStopSec=(\d+)$`).FindSubmatch(text)
	if stop == nil {
		t.Fatal("there is no TimeoutStopSec")
	}
	seconds, _ := strconv.Atoi(string(stop[1]))
	if d := example(t).Drain; time.Duration(seconds)*time.Second <= d.Delay+d.Timeout {
		t.Errorf("the unit has %d s to end, the example's gateway takes %s and %s", seconds, d.Delay, d.Timeout)
	}
}

func TestTheAuditLogOfTheExampleMayBeWrittenAndIsMovedAway(t *testing.T) {
	unit, err := os.ReadFile("../../../deploy/fluxor-gateway.service")
	if err != nil {
		t.Fatal(err)
	}
	rotate, err := os.ReadFile("../../../deploy/fluxor-gateway.logrotate")
	if err != nil {
		t.Fatal(err)
	}
	file := example(t).Audit.File
	logs := regexp.MustCompile(`(?m)^LogsDirectory=(\S+)$`).FindSubmatch(unit)
	if logs == nil || filepath.Dir(file) != "/var/log/"+string(logs[1]) {
		t.Errorf("the unit may write to %s, the example to %s", logs, file)
	}
	if !strings.Contains(string(rotate), "\n"+file+" {") || !bytes.Contains(unit, []byte("ExecReload=/bin/kill -HUP")) {
		t.Errorf("logrotate does not move %s away, or the unit's reload is no SIGHUP", file)
	}
}

func TestTheUnixSocketOfTheExampleMayBeMadeAndIsForTheUnitsGroup(t *testing.T) {
	unit, err := os.ReadFile("../../../deploy/fluxor-gateway.service")
	if err != nil {
		t.Fatal(err)
	}
	run := regexp.MustCompile(`(?m)^RuntimeDirectory=(\S+)$`).FindSubmatch(unit)
	for _, address := range example(t).Listen {
		path, unix := strings.CutPrefix(address, "unix:")
		if unix && (run == nil || filepath.Dir(path) != "/run/"+string(run[1])) {
			t.Errorf("the unit may make sockets in %s, the example has %s", run, path)
		}
	}
	if !regexp.MustCompile(`(?m)^UMask=0007$`).Match(unit) {
		t.Error("nobody but the unit's user may write to the socket")
	}
}

func TestNoTokenOfTheExampleCanBeGuessed(t *testing.T) {
	for _, u := range example(t).Users {
		for _, token := range u.Tokens {
			for _, word := range []string{"", "test", "token", "secret", "password", "changeme", u.Name} {
				if guess := gateway.HashToken(word).SHA256; token.SHA256.From == "" && token.SHA256.Value() == hex.EncodeToString(guess[:]) {
					t.Errorf("who leaves the example as it is lets in anybody as %s by the token %q", u.Name, word)
				}
			}
		}
	}
}
