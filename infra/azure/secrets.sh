#!/usr/bin/env bash
# Makes the secrets of an installation, and brings them into its vaults.
#   secrets.sh make FOLDER                  makes what is missing in FOLDER; keeps what is there
#   secrets.sh renew FOLDER cluster         makes new certificates for silos and gateways, by the authority in FOLDER
#   secrets.sh renew FOLDER signing-key     makes a new key for log-in tokens: all operators log in again
#   secrets.sh renew FOLDER api-password    makes a new administrator's password
#   secrets.sh put FOLDER RESOURCE_GROUP    writes FOLDER into the vaults
#   secrets.sh get FOLDER RESOURCE_GROUP    reads the vaults into FOLDER
# Keep FOLDER on an encrypted disk, and delete it after `put`. public.crt and public.key are yours: the certificate for the names of API and agents.
set -euo pipefail
umask 077

usage() { sed -n '2,9s/^# \{0,1\}//p' "$0" >&2; exit 2; }
secret() { openssl rand -base64 "$1" | tr -d '\n=' | tr '+/' '-_'; }

make_authority() {
  openssl ecparam -genkey -name prime256v1 -noout -out cluster-ca.key
  openssl req -x509 -new -key cluster-ca.key -sha256 -days 3650 -subj "/CN=RPort cluster authority" \
    -addext "basicConstraints=critical,CA:TRUE,pathlen:0" -addext "keyUsage=critical,keyCertSign,cRLSign" -out cluster-ca.crt
}

make_certificate() { # role
  openssl ecparam -genkey -name prime256v1 -noout | openssl pkcs8 -topk8 -nocrypt -out "$1.key"
  openssl req -new -key "$1.key" -subj "/CN=$1" -out "$1.csr"
  openssl x509 -req -in "$1.csr" -CA cluster-ca.crt -CAkey cluster-ca.key -sha256 -days 398 -set_serial "0x$(openssl rand -hex 16)" -out "$1.crt" -extfile /dev/stdin 2>/dev/null <<X
basicConstraints=critical,CA:FALSE
keyUsage=critical,digitalSignature
extendedKeyUsage=serverAuth,clientAuth
subjectAltName=DNS:$1.rport
X
  rm "$1.csr"
}

make_fingerprint() { ssh-keygen -y -f host.key | ssh-keygen -l -E sha256 -f - | cut -d ' ' -f 2 > host.fingerprint; }

write_gateway_json() { printf '{"Api":{"Auth":"admin:%s","SigningKey":"%s"}}\n' "$(cat api-password)" "$(cat signing-key)" > gateway.json; }

make() {
  [ -f cluster-ca.key ] || make_authority
  [ -f silo.key ] || make_certificate silo
  [ -f gateway.key ] || make_certificate gateway
  [ -f host.key ] || openssl ecparam -genkey -name prime256v1 -noout -out host.key
  make_fingerprint
  [ -f signing-key ] || secret 48 > signing-key
  [ -f api-password ] || secret 24 > api-password
  [ -f agents.json ] || printf '{"agent":"%s"}\n' "$(secret 24)" > agents.json
  write_gateway_json
}

# vault, secret, file: one line for each secret of each vault.
secrets() {
  cat <<L
siloVault cluster-crt silo.crt
siloVault cluster-key silo.key
siloVault cluster-ca-crt cluster-ca.crt
gatewayVault cluster-crt gateway.crt
gatewayVault cluster-key gateway.key
gatewayVault cluster-ca-crt cluster-ca.crt
gatewayVault host-key host.key
gatewayVault host-fingerprint host.fingerprint
gatewayVault agents-json agents.json
gatewayVault gateway-json gateway.json
gatewayVault public-crt public.crt
gatewayVault public-key public.key
operatorVault cluster-ca-key cluster-ca.key
operatorVault signing-key signing-key
operatorVault api-password api-password
L
}

each_secret() { # az keyvault secret ARGUMENTS of "set" or "download", for every line of `secrets`
  local group=$1 verb=$2 vault name file
  secrets | while read -r vault name file; do
    vault=$(az deployment group show --resource-group "$group" --name rport --query "properties.outputs.settings.value.$vault" --output tsv </dev/null)
    if [ "$verb" = set ]; then
      az keyvault secret set --vault-name "$vault" --name "$name" --file "$file" --encoding utf-8 --only-show-errors --output none </dev/null
    else
      az keyvault secret download --vault-name "$vault" --name "$name" --file "$file" --overwrite --only-show-errors </dev/null
    fi
  done
}

case "${1:-} $#" in
  "make 2") mkdir -p "$2"; cd "$2"; make ;;
  "renew 3")
    cd "$2"
    case "$3" in
      cluster) make_certificate silo; make_certificate gateway ;;
      signing-key) secret 48 > signing-key ;;
      api-password) secret 24 > api-password ;;
      *) usage ;;
    esac
    write_gateway_json ;;
  "put 3")
    cd "$2"
    for file in $(secrets | cut -d ' ' -f 3); do [ -s "$file" ] || { echo "$2/$file is missing" >&2; exit 1; }; done
    each_secret "$3" set ;;
  "get 3") mkdir -p "$2"; cd "$2"; each_secret "$3" download ;;
  "list 1") secrets ;;
  *) usage ;;
esac
