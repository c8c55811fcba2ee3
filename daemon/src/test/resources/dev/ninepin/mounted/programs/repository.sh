#!/bin/sh
# git, on a repository with a history: several commit at once, branches are merged and rebased, all is packed and pruned.
#   repository COMMITS FILES
set -eu

commits=$1
files=$2
git() {
    command git -c user.name=Someone -c user.email=someone@example.org -c gc.auto=0 -c core.fsync=all "$@"
}

git init -q -b main work
cd work
mkdir -p a/b/c
for i in $(seq "$files"); do seq $((i * 20)) >"a/b/f$i"; done
ln -s b/f1 a/link
printf '#!/bin/sh\nexit 0\n' >run
chmod +x run
git add .
git commit -qm first
for i in $(seq "$commits"); do
    echo "$i" >>"a/b/f$((i % files + 1))"
    git mv "a/b/f$(((i + 1) % files + 1))" a/b/c/moved
    git commit -qam "$i"
    git mv a/b/c/moved "a/b/f$(((i + 1) % files + 1))"
    git commit -qam "$i back"
done
rmdir a/b/c
[ -z "$(git status --porcelain)" ]

# Each in a tree of its own, all with one store.
for i in 1 2 3; do
    git worktree add -q -b "side$i" "../tree$i"
done
started=
for i in 1 2 3; do
    (
        cd "../tree$i"
        for j in $(seq "$commits"); do
            echo "$i $j" >>"new$i"
            git add .
            git commit -qm "side $i $j"
        done
    ) &
    started="$started $!"
done
for child in $started; do
    wait "$child"
done
git merge -q -m merged side1
git merge -q -m merged side2
(cd ../tree3 && git rebase -q main)
git merge -q --ff-only side3
[ "$(git rev-list --count --first-parent main)" -ge "$commits" ]
for i in 1 2 3; do
    [ "$(wc -l <"new$i")" = "$commits" ]
    git worktree remove "../tree$i"
done
echo stashed >>run
git stash -q
git diff --quiet
git stash pop -q
git checkout -q run
git repack -q -a -d --write-bitmap-index
git fsck --strict --full --no-progress
git gc -q --prune=now --aggressive
git fsck --strict --full --no-progress
[ -z "$(git status --porcelain)" ]
git clone -q --bare . ../bare.git
git clone -q ../bare.git ../again
diff -r --exclude=.git --no-dereference . ../again
cd ../again
git pull -q
echo new >another
git add another
git commit -qm another
git push -q
cd ..
for store in work/.git bare.git again/.git; do
    git --git-dir="$store" fsck --strict --full --no-progress
    # Without links, what is there has what is here.
    git --git-dir="$EXPORT/$store" fsck --strict --full --no-progress
    [ "$(git --git-dir="$store" rev-parse main)" = "$(git --git-dir="$EXPORT/$store" rev-parse main)" ]
done
[ "$(git -C again rev-parse main)" = "$(git --git-dir="$EXPORT/bare.git" rev-parse main)" ]
beside=$(mktemp -d)
trap 'rm -rf "$beside"' EXIT
git clone -q "$EXPORT/bare.git" "$beside/clone"
diff -r --exclude=.git --no-dereference again "$beside/clone"
