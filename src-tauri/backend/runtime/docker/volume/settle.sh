# Ends what was begun in a profile's volume, in whose folder it is called. What is half put in goes;
# what was put in whole takes the old one's place. It may be cut short anywhere, and called again.
settle() {
    rm -rf .duotab-import
    if [ -e .duotab-ready ]; then
        find . -mindepth 1 -maxdepth 1 ! -name .duotab-ready ! -name .duotab-owner \
            -exec rm -rf {} +
        mv .duotab-ready .duotab-move
    fi
    if [ -e .duotab-move ]; then
        find .duotab-move -mindepth 1 -maxdepth 1 -print0 | while read -r -d '' path; do
            rm -rf "./${path##*/}"
            mv "$path" .
        done
        rmdir .duotab-move
    fi
    rm -f SingletonLock SingletonCookie SingletonSocket
    # Some megabytes of each start, which a browser that reports nothing keeps for ever.
    rm -rf BrowserMetrics BrowserMetrics-spare.pma
}
