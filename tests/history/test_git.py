"""Git read as a program: what it tells, and that nothing of the repository is touched or run."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from git_repo import Repo, clone
from notes import texts

from guard.errors import GuardError
from guard.history.base import Asked, Base, find_base
from guard.history.git import Repository


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    made = Repo(tmp_path / "work")
    made.commit()
    return made


def test_discover(repo: Repo, tmp_path: Path) -> None:
    repo.commit({"a/b/c.py": ""})
    for place in (repo.root, repo.root / "a" / "b", repo.root / "a" / "b" / "c.py"):
        found = Repository.discover(place)
        assert found is not None
        assert found.root == repo.root
    assert Repository.discover(tmp_path) is None


def test_a_worktree_and_a_submodule_are_checkouts_of_their_own(repo: Repo, tmp_path: Path) -> None:
    repo.git("worktree", "add", "-q", str(tmp_path / "tree"), "-b", "other")
    outer = Repo(tmp_path / "outer")
    outer.git("submodule", "--quiet", "add", repo.root.as_uri(), "inner")
    outer.commit()
    for folder in (tmp_path / "tree", outer.root / "inner"):
        found = Repository.discover(folder)
        assert found is not None
        assert found.root == folder
    assert "inner" not in outer.open().staged_files()
    assert "inner" not in outer.open().list_files("HEAD")


def test_variables_that_git_sets_for_a_hook_lead_nowhere(
    repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Repo(tmp_path / "other")
    monkeypatch.setenv("GIT_DIR", str(other.root / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other.root))
    assert repo.open().root == repo.root


def test_a_bare_repository_is_refused(tmp_path: Path) -> None:
    Repo(tmp_path / "bare", "--bare")
    with pytest.raises(GuardError, match="a bare repository has no files"):
        Repository.discover(tmp_path / "bare")


def test_a_repository_that_git_cannot_read(tmp_path: Path) -> None:
    (tmp_path / ".git").write_text("nonsense")
    with pytest.raises(GuardError, match="git cannot read the repository: invalid gitfile format"):
        Repository.discover(tmp_path)


@pytest.mark.skipif(os.name != "posix" or os.getuid() != 0, reason="only root gives files away")
def test_a_repository_of_somebody_else(repo: Repo) -> None:
    for path in (repo.root, repo.root / ".git"):
        os.chown(path, 65534, 65534)
    with pytest.raises(GuardError, match="another user owns it: git config --global --add safe"):
        Repository.discover(repo.root)


def test_no_git_program(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert Repository.discover(repo.root) is None
    assert "no git program" in texts(find_base(None, Asked()).notes)[0]


STRANGE = ['quo"te.py', "sp ace.py", "tab\there.py", "ünï/cödé.py", "new\nline.py", "*.py", "-x.py"]


def test_every_file_name_comes_back_as_it_is(repo: Repo) -> None:
    repo.commit({name: f"text of {name}" for name in STRANGE})
    opened = repo.open()
    for files in (opened.list_files(repo.head), opened.staged_files()):
        assert set(STRANGE) <= set(files)
        contents = opened.read_blobs(files.values())
        assert contents[files["tab\there.py"]] == b"text of tab\there.py"


def test_blobs_of_any_bytes(repo: Repo) -> None:
    (repo.root / "raw").write_bytes(bytes(range(256)) * 100 + b"\n\n")
    (repo.root / "empty").write_bytes(b"")
    repo.commit()
    files = repo.open().list_files(repo.head)
    contents = repo.open().read_blobs(files.values())
    assert contents[files["raw"]] == bytes(range(256)) * 100 + b"\n\n"
    assert contents[files["empty"]] == b""


def test_the_index_is_not_the_working_tree(repo: Repo) -> None:
    repo.write({"a.txt": "staged"})
    repo.git("add", "a.txt")
    repo.write({"a.txt": "not staged", "b.txt": "not staged"})
    opened = repo.open()
    files = opened.staged_files()
    assert opened.read_blobs(files.values()) == {files["a.txt"]: b"staged"}


def test_an_unresolved_merge_is_refused(repo: Repo) -> None:
    repo.git("switch", "-q", "-c", "other")
    repo.commit({"a.txt": "one"})
    repo.git("switch", "-q", "main")
    repo.commit({"a.txt": "two"})
    with pytest.raises(AssertionError):
        repo.git("merge", "other")
    with pytest.raises(GuardError, match="unresolved merge"):
        repo.open().staged_files()


def test_a_ref_is_never_an_option(repo: Repo) -> None:
    assert repo.open().resolve("--git-dir") is None
    assert repo.open().resolve("HEAD") == repo.head
    assert repo.open().resolve("HEAD~9") is None
    assert repo.open().resolve("HEAD\nHEAD") is None


def test_refs_that_are_asked_for_at_once(repo: Repo) -> None:
    head = repo.head
    asked = ("absent", "main", "a\nb", "two words", "commit", head[:10], "", "HEAD^{tree}")
    assert repo.open().resolve_all(asked) == {"main": head, head[:10]: head}


def state(root: Path) -> dict[str, tuple[int, bytes]]:
    files = (path for path in sorted(root.rglob("*")) if path.is_file())
    return {str(path): (path.stat().st_mtime_ns, path.read_bytes()) for path in files}


def read_everything(repo: Repo) -> None:
    opened = repo.open()
    opened.read_blobs(opened.list_files("HEAD").values())
    opened.read_blobs(opened.staged_files().values())
    repo.base()


def test_nothing_is_written(repo: Repo) -> None:
    os.utime(repo.root / "a.txt", (1, 1))  # git would refresh its index for this
    before = state(repo.root)
    read_everything(repo)
    assert state(repo.root) == before


def test_no_program_that_the_repository_names_is_run(repo: Repo, tmp_path: Path) -> None:
    bait = tmp_path / "bait"
    program = f"touch {bait}; cat"
    repo.commit({".gitattributes": "* filter=bait diff=bait\n"})
    for key in (
        "core.fsmonitor", "core.pager", "core.sshCommand", "diff.external", "filter.bait.clean",
        "filter.bait.smudge", "diff.bait.textconv", "pager.rev-parse", "core.askPass",
    ):  # fmt: skip
        repo.git("config", key, program)
    bait.unlink(missing_ok=True)
    read_everything(repo)
    assert not bait.exists()


def test_a_partial_clone_is_told_and_nothing_is_fetched(repo: Repo, tmp_path: Path) -> None:
    repo.commit({"a.txt": "first"})
    first = repo.head
    repo.commit({"a.txt": "second"})
    repo.git("config", "uploadpack.allowFilter", "true")
    copy = clone(repo, tmp_path / "copy", "--filter=blob:none").open()
    with pytest.raises(GuardError, match="clone without --filter"):
        copy.read_blobs(copy.list_files(first).values())


# Which base


def test_the_base_that_the_user_names(repo: Repo) -> None:
    released = repo.head
    repo.git("switch", "-q", "-c", "topic")
    repo.commit()
    assert repo.base(option="main") == Base(ref="main", commit=released, tip=released)
    assert repo.base(config="main").commit == released
    assert repo.base(option="HEAD", config="main").ref == "HEAD"


def test_the_tip_may_be_past_the_merge_base(repo: Repo) -> None:
    fork = repo.head
    repo.git("switch", "-q", "-c", "topic")
    repo.commit({"b.txt": ""})
    repo.git("switch", "-q", "main")
    repo.commit({"c.txt": ""})
    tip = repo.head
    repo.git("switch", "-q", "topic")
    base = repo.base()
    assert (base.commit, base.tip, base.ref) == (fork, tip, "main")


def event(tmp_path: Path, text: str) -> str:
    path = tmp_path / "event.json"
    path.write_text(text)
    return str(path)


@pytest.mark.parametrize(
    "variables",
    [
        {"GITHUB_BASE_REF": "release"},
        {"GITHUB_ACTIONS": "true", "GITHUB_BASE_REF": "release"},
        {"CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "release"},
        {"GITLAB_CI": "true", "CI_DEFAULT_BRANCH": "release", "CI_COMMIT_BRANCH": "topic"},
        {"BITBUCKET_PR_DESTINATION_BRANCH": "release"},
        {"SYSTEM_PULLREQUEST_TARGETBRANCH": "refs/heads/release"},
        {"BUILDKITE_PULL_REQUEST_BASE_BRANCH": "release"},
        {"CHANGE_TARGET": "release"},
    ],
)
def test_the_base_that_a_ci_service_names(
    repo: Repo, tmp_path: Path, variables: dict[str, str]
) -> None:
    repo.git("switch", "-q", "-c", "release")
    repo.commit()
    released = repo.head
    copy = clone(repo, tmp_path / "copy")
    copy.git("switch", "-q", "-c", "topic")
    copy.commit()
    base = copy.base(**variables)
    assert (base.ref, base.commit) == ("origin/release", released)


def test_the_commit_that_an_event_names(repo: Repo, tmp_path: Path) -> None:
    before = repo.head
    repo.commit()
    push = '{{"ref": "refs/heads/{}", "before": "{}", "repository": {{"default_branch": "main"}}}}'
    pull = '{"pull_request": {"base": {"sha": "%s"}}}'
    queue = '{"merge_group": {"base_sha": "%s"}}'
    for text, variables in (
        (push.format("main", before), {}),
        (pull % before, {"GITHUB_BASE_REF": "not-fetched"}),
        (queue % before, {}),
    ):
        path = event(tmp_path, text)
        assert repo.base(GITHUB_EVENT_PATH=path, **variables).commit == before
    other = event(tmp_path, push.format("topic", before))
    assert repo.base(GITHUB_EVENT_PATH=other).ref == "origin/main"
    fresh = event(tmp_path, push.format("main", "0" * 40))
    assert repo.base(GITHUB_EVENT_PATH=fresh).ref == "origin/main"


def test_the_base_of_a_plain_clone(repo: Repo, tmp_path: Path) -> None:
    copy = clone(repo, tmp_path / "copy")
    released = copy.git("rev-parse", "HEAD")
    copy.commit()  # committed on main, and not yet released
    base = copy.base()
    assert (base.ref, base.commit) == ("origin/main", released)
    assert "as origin/HEAD says" in texts(base.notes)[0]
    copy.git("remote", "set-head", "origin", "--delete")
    assert copy.base().ref == "origin/main"


def test_on_the_base_itself_what_is_not_committed_is_the_change(repo: Repo) -> None:
    base = repo.base()
    assert base.ref == "HEAD"
    assert base.commit == base.tip == repo.head
    assert "only what is not committed" in texts(base.notes)[0]


def test_nothing_to_compare_with_is_noted(tmp_path: Path) -> None:
    assert texts(Repo(tmp_path / "new").base().notes) == (
        "There is no commit yet: every revision counts as new.",
    )
    assert "not a git repository" in texts(find_base(None, Asked()).notes)[0]


def test_a_base_that_is_not_known_stops_the_run(repo: Repo, tmp_path: Path) -> None:
    cases: list[tuple[str, dict[str, str]]] = [
        ("--base names gone as the base", {"option": "gone"}),
        ("git fetch origin gone", {"config": "gone"}),
        ("GITHUB_BASE_REF names origin/gone", {"GITHUB_BASE_REF": "gone"}),
    ]
    for message, asked in cases:
        with pytest.raises(GuardError, match=message):
            repo.base(**asked)
    with pytest.raises(GuardError, match="--base main: not a git repository"):
        find_base(None, Asked(option="main"))
    with pytest.raises(GuardError, match="no commit here yet"):
        Repo(tmp_path / "new").base(option="main")


def test_a_detached_head_without_a_known_branch(repo: Repo) -> None:
    repo.git("branch", "-m", "main", "trunk")
    assert repo.base().ref == "HEAD"  # the only branch there is
    repo.git("checkout", "-q", "--detach")
    with pytest.raises(GuardError, match="on a detached HEAD, and no origin/HEAD"):
        repo.base()
    repo.git("switch", "-q", "-c", "topic")
    with pytest.raises(GuardError, match=r"on branch topic, .*: --base REF"):
        repo.base()


def test_a_shallow_clone_names_the_remedy(repo: Repo, tmp_path: Path) -> None:
    for _ in range(3):
        repo.commit()
    repo.git("switch", "-q", "-c", "topic", "HEAD~2")
    repo.commit({"b.txt": ""})
    copy = clone(repo, tmp_path / "copy", "--depth=1", "--branch=topic", "--no-single-branch")
    with pytest.raises(GuardError, match=r"does not reach back .* fetch-depth: 0"):
        copy.base(option="main")
    single = clone(repo, tmp_path / "single", "--depth=1", "--branch=topic")
    with pytest.raises(GuardError, match=r"origin/main as the base, .* fetch-depth: 0"):
        single.base(GITHUB_BASE_REF="main")


def test_histories_without_a_common_commit(repo: Repo) -> None:
    repo.git("switch", "-q", "--orphan", "topic")
    repo.commit({"b.txt": ""})
    with pytest.raises(GuardError, match="have no commit in common"):
        repo.base(option="main")
