package store

import "strings"

// names are what a bucket goes by.
type names struct {
	prefix string // "helium"
	bucket string // "helium_registry"
	stream string // "KV_helium_registry"
}

func namesOf(prefix string) names {
	bucket := strings.ReplaceAll(prefix, ".", "_") + "_registry"
	return names{prefix: prefix, bucket: bucket, stream: "KV_" + bucket}
}

// subject is the one that a key is written on.
func (n names) subject(key string) string { return "$KV." + n.bucket + "." + key }
