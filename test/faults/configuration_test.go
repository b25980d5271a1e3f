package faults

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func configuration() []faultCase {
	const corrupt = "- configCorrupt: {configMap: settings, key: catalogue.json, "
	return []faultCase{
		{fault: "configCorrupt", name: "restart", yaml: corrupt + "mutation: truncate, restart: true}", inForce: refusesItsConfiguration, duration: 15 * time.Second},
		{fault: "configCorrupt", name: "drop", yaml: corrupt + "mutation: drop}", inForce: dropped},
	}
}

// refusesItsConfiguration wants a new pod that says that it could not read what it has found, beside all pods of before.
func refusesItsConfiguration(ctx context.Context, s *stage) error {
	fresh, lost, err := s.fresh(ctx)
	if err != nil {
		return err
	}
	if lost != 0 {
		return fmt.Errorf("%d pods of before are gone", lost)
	}
	missing := errors.New("there is no new pod")
	for i := range fresh {
		text, err := get(ctx, &fresh[i], "/metrics")
		if err == nil && strings.Contains(text, "shop_config_broken 1") {
			return nil
		}
		missing = fmt.Errorf("the new pod does not say that its configuration is broken: %w %s", err, text)
	}
	return missing
}

// dropped wants the key to be gone, and the other one to be there.
func dropped(ctx context.Context, s *stage) error {
	c, err := shared.client.CoreV1().ConfigMaps(s.namespace).Get(ctx, "settings", metav1.GetOptions{})
	if err != nil {
		return err
	}
	if _, there := c.Data["catalogue.json"]; there || c.Data["mode"] == "" {
		return fmt.Errorf("it holds %v", c.Data)
	}
	return nil
}
