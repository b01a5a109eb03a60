package corpus

// What generated code reads values by, for the test that compares it with reflection.
var (
	ReadOrder             = readEchoOrder
	ReadOmits             = readEchoOmits
	ReadEmbeds            = readEchoEmbeds
	ReadAliased           = readEchoAliased
	ReadHolder            = readEchoHolder
	ReadShadows           = readEchoShadows
	ReadHides             = readEchoHides
	ReadForcesInline      = readEchoForcesInline
	ReadKeepsWhole        = readEchoKeepsWhole
	ReadOmitsAll          = readEchoOmitsAll
	ReadNothing           = readEchoNothing
	ReadIndex             = readEchoIndex
	ReadListOfListOfInt32 = readEchoListOfListOfInt32
	ReadOptionalOrder     = readEchoOptionalOrder
	ReadTags              = readEchoTags
	ReadDated             = readEchoDated
	ReadDatedAgain        = readEchoDatedAgain
	ReadJSONTags          = readEchoJSONTags
	ReadOmitsZero         = readEchoOmitsZero
)
