package visible

// JSON returns a JSON document of the same values that a terminal only shows: what it
// would act upon stands in strings alone, where JSON has escapes for it. Bytes that aren't
// UTF-8, and so no JSON, are shown as Text shows them.
func JSON(document []byte) []byte {
	if forJSON.first(string(document)) < 0 {
		return document
	}
	return []byte(shown(string(document), forJSON))
}
