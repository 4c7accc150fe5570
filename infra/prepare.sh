# shellcheck shell=bash
# What the scripts at the root share: find or install what they need, build what is out of date, say how long it took.
# They may be called from any folder, so nothing here depends on the current one.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1
# The state folder of a one-machine instance; the command line tool looks for the operator's key there, too.
export TOKENLEDGER_HOME=${TOKENLEDGER_HOME:-$root/.tokenledger}

# Built programs look for the runtime in the system's folders; an SDK in somebody's own folder is found by this alone.
if command -v dotnet >/dev/null; then
    export DOTNET_ROOT=${DOTNET_ROOT:-$(dirname "$(readlink -f "$(command -v dotnet)")")}
fi

say() { printf '%s\n' "$*" >&2; }

# step NAME COMMAND...: runs the command quietly and says how long it took; what it printed is shown only if it fails.
step() {
    local name=$1 begin=$SECONDS log code=0
    shift
    log=$(mktemp)
    printf '%s ... ' "$name" >&2
    "$@" >"$log" 2>&1 </dev/null || code=$?
    if ((code == 0)); then
        say "done in $((SECONDS - begin)) s"
    else
        say "failed after $((SECONDS - begin)) s"
        cat "$log" >&2
    fi
    rm -f "$log"
    return "$code"
}

need_dotnet() {
    if ! command -v dotnet >/dev/null || ! dotnet --list-sdks | grep -q '^10\.'; then
        say "The .NET 10 SDK is not installed. Install it from https://dotnet.microsoft.com/download, or on Debian and Ubuntu with Microsoft's package feed: apt-get install dotnet-sdk-10.0"
        return 1
    fi
}

has_postgresql() { command -v postgres >/dev/null || compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null; }
has_rabbitmq_server() { [[ -x /usr/lib/rabbitmq/bin/rabbitmq-server ]]; }
has_kubernetes_client() { command -v kubectl >/dev/null; }
has_nginx() { command -v nginx >/dev/null || [[ -x /usr/sbin/nginx ]]; }
has_libnginx_mod_http_lua() { [[ -e /usr/lib/nginx/modules/ngx_http_lua_module.so ]]; }
has_lua_cjson() { compgen -G '/usr/lib/*/lua/5.1/cjson.so' >/dev/null; }
has_nodejs() { command -v node >/dev/null; }
has_npm() { command -v npm >/dev/null; }

# need_package NAME: installs a Debian package unless its program is there already, or says what to type.
need_package() {
    local name=$1 as_root=()
    "has_${name//-/_}" && return
    if ((EUID != 0)); then
        as_root=(sudo -n)
        if ! command -v sudo >/dev/null || ! sudo -n true 2>/dev/null; then
            say "$name is not installed, and installing it takes an administrator. Type: sudo apt-get install $name"
            return 1
        fi
    fi
    if ! command -v apt-get >/dev/null; then
        say "$name is not installed, and there is no apt-get here to install it with: install it with the system's own package manager."
        return 1
    fi
    step "Looking for packages" "${as_root[@]}" apt-get update -q || say "The list of packages could not be refreshed; trying with the one at hand."
    # In runlevel 1 the package does not start a server of its own; ours are private.
    step "Installing $name" "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y -q --no-install-recommends "$name"
}

# build PROJECT PROGRAM [FOLDER...]: builds unless the program is newer than everything it could be made from: the product's folders and those named. One build at a time in a checkout.
build() {
    local project=$1 program=$2 stamp
    stamp=$root/artifacts/built/$(basename "$project")
    mkdir -p "$root/artifacts/built"
    is_current "$stamp" "$program" "${@:3}" && return
    (
        flock 9
        is_current "$stamp" "$program" "${@:3}" && exit
        : >"$stamp.new"
        # The SDK is chosen by the global.json of the current folder.
        cd "$root"
        # The stamp's time is that of the build's begin: what was saved meanwhile is newer.
        step "Building $(basename "$project" .csproj)" dotnet build "$project" --configuration Release --verbosity quiet -consoleLoggerParameters:ErrorsOnly && mv "$stamp.new" "$stamp"
    ) 9>"$root/artifacts/built/lock"
}

is_current() {
    local stamp=$1 program=$2
    [[ -x $program && -e $stamp ]] || return 1
    # Folders count as well: a file that was removed changes its folder.
    [[ -z $(find "$root"/{contracts,core,ledger,hosting,services,tools,Directory.Build.props,Directory.Packages.props,global.json,.editorconfig} "${@:3}" -newer "$stamp" -print -quit) ]]
}
