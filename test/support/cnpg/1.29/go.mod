module example.invalid/test-cnpg

go 1.25.0

require github.com/cloudnative-pg/cloudnative-pg v1.29.0
