package dev.ninepin.packages;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.ninepin.daemon.options.MountOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.jar.JarFile;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests of the .deb package: its contents, and the parts that work without an installation. */
class DebIT {
    private static final long PATIENCE_SECONDS = 120;

    /** The package's files, unpacked as if installed in this directory. */
    @TempDir
    private static Path root;

    private static String deb;

    /** The result of a program. The output includes standard error if the program failed. */
    private record Result(int exitCode, String output) {}

    @BeforeAll
    static void unpack() throws Exception {
        try (Stream<Path> built = Files.list(Path.of("target"))) {
            deb = built.map(Path::toString)
                    .filter(file -> file.endsWith(".deb"))
                    .findFirst()
                    .orElseThrow(() -> new IOException("the build has left no .deb in target"));
        }
        check("dpkg-deb", "-x", deb, root.toString());
        check("dpkg-deb", "-e", deb, root + "/DEBIAN");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "usr/lib/ninepin/ninepin.jar",
                "usr/lib/ninepin/native/jni/x86_64-Linux/libjffi-1.2.so",
                "usr/lib/ninepin/native/jni/aarch64-Linux/libjffi-1.2.so",
                "usr/lib/systemd/system/ninepin@.service",
                "usr/share/man/man1/ninepin.1.gz",
                "usr/share/man/man1/ninepin-mount.1.gz",
                "usr/share/man/man1/ninepin-umount.1.gz",
                "usr/share/man/man1/ninepin-status.1.gz",
                "usr/share/man/man1/ninepin-restart.1.gz",
                "usr/share/man/man1/ninepin-devices.1.gz",
                "usr/share/man/man1/ninepin-doctor.1.gz",
                "usr/share/man/man1/ninepin-run.1.gz",
                "usr/share/man/man1/ninepin-help.1.gz",
                "usr/share/man/man5/ninepin.conf.5.gz",
                "usr/share/man/man8/mount.ninepin.8.gz",
                "usr/share/bash-completion/completions/ninepin",
                "usr/share/zsh/vendor-completions/_ninepin",
                "usr/share/doc/ninepin/examples/example.conf",
                "usr/share/doc/ninepin/README.md",
                "usr/share/doc/ninepin/CHANGELOG.md",
                "usr/share/doc/ninepin/docs/architecture.md",
                "usr/share/doc/ninepin/docs/devices.md",
                "usr/share/doc/ninepin/docs/file-operations.md",
                "usr/share/doc/ninepin/docs/status.md",
                "usr/share/doc/ninepin/copyright"
            })
    void itHolds(final String file) {
        assertThat(root.resolve(file)).isNotEmptyFile();
    }

    @Test
    void everythingBelongsToRootAndNobodyElseMayWriteIt() throws Exception {
        assertThat(check("dpkg-deb", "-c", deb).lines())
                .isNotEmpty()
                .allMatch(line -> line.matches("(l|[d-]rwxr-xr-x|-rw-r--r--).* root/root .*"));
    }

    @Test
    void itSaysWhatItNeedsOnDebian12And13() throws Exception {
        assertThat(check("dpkg-deb", "-f", deb, "Depends"))
                .isEqualTo(
                        "default-jre-headless (>= 2:1.17) | java17-runtime-headless, libfuse2 | libfuse2t64, fuse3 | fuse\n");
        assertThat(check("dpkg-deb", "-f", deb, "Suggests")).isEqualTo("qemu-system-x86\n");
    }

    /** Checks that every jar on the program's class path exists, except for the one that native/ replaces. */
    @Test
    void theClassPathIsWhole() throws Exception {
        final Path home = root.resolve("usr/lib/ninepin");
        try (var jar = new JarFile(home.resolve("ninepin.jar").toFile())) {
            final String classPath = jar.getManifest().getMainAttributes().getValue("Class-Path");
            assertThat(classPath.split(" "))
                    .hasSizeGreaterThan(10)
                    .filteredOn(name -> !Files.exists(home.resolve(name)))
                    .singleElement()
                    .asString()
                    .matches("lib/jffi-.*-native.jar");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"usr/bin/ninepin", "usr/sbin/mount.ninepin"})
    void theCommandsRunThroughTheirLinks(final String link) throws Exception {
        assertThat(check(root.resolve(link).toString(), "--version")).startsWith("ninepin ");
    }

    /**
     * Makes the archive of classes as the installation does, with the Java on this host. Checks that the classes of a
     * mount come from the archive.
     */
    @Test
    void anArchiveOfClassesIsMadeAndFits() throws Exception {
        final Path archive = root.resolve("classes.jsa");
        final Path home = root.resolve("usr/lib/ninepin");
        check(home.resolve("ninepin").toString(), "--make-archive", archive.toString());
        assertThat(archive).isNotEmptyFile();
        // The mount fails without a server, but only after it has loaded the classes.
        final String loaded = run(
                        java(),
                        "-XX:SharedArchiveFile=" + archive,
                        "-Xshare:on",
                        "-XX:+UseSerialGC",
                        "-Xlog:class+load",
                        "-cp",
                        home + "/ninepin.jar",
                        "dev.ninepin.cli.Main",
                        "mount",
                        "-f",
                        "exec:true",
                        Files.createDirectory(root.resolve("mnt")).toString())
                .output();
        assertThat(loaded.lines().filter(line -> line.contains("dev.ninepin.session.Session ")))
                .singleElement()
                .asString()
                .contains("shared objects file (top)");
    }

    @Test
    void theUnitIsWhatSystemdUnderstands() throws Exception {
        assumeTrue(has("systemd-analyze"), "systemd-analyze is not here");
        final Path unit = Files.createDirectory(root.resolve("unit")).resolve("ninepin@.service");
        // systemd-analyze also looks for the commands of the unit.
        Files.writeString(
                unit,
                Files.readString(root.resolve("usr/lib/systemd/system/ninepin@.service"))
                        .replace(
                                "/usr/bin/ninepin",
                                root.resolve("usr/bin/ninepin").toString()));
        assertThat(check("systemd-analyze", "verify", "--man=no", unit.toString()))
                .isEmpty();
    }

    /**
     * Each of these settings would give the service a mount namespace of its own (exec_needs_mount_namespace in
     * systemd).
     */
    @Test
    void nothingInTheUnitHidesTheMount() throws Exception {
        assertThat(Files.readAllLines(root.resolve("usr/lib/systemd/system/ninepin@.service")))
                .noneMatch(line ->
                        line.matches("(Private\\w+|Protect\\w+|ProcSubset|Root\\w+|Bind\\w*Paths|TemporaryFileSystem"
                                + "|(ReadWrite|ReadOnly|Inaccessible|Exec|NoExec)Paths|Mount\\w+|Extension\\w+|LogNamespace|DynamicUser)="
                                + ".*"))
                .noneMatch(line -> line.startsWith("MemoryDenyWriteExecute="));
    }

    @Test
    void theScriptsAreShellThatParses() throws Exception {
        for (final String script : List.of(
                "DEBIAN/postinst",
                "DEBIAN/prerm",
                "DEBIAN/postrm",
                "usr/lib/ninepin/package-installed",
                "usr/lib/ninepin/package-removed",
                "usr/lib/ninepin/ninepin")) {
            assertThat(root.resolve(script)).isExecutable();
            assertThat(check("sh", "-n", root.resolve(script).toString()))
                    .as(script)
                    .isEmpty();
        }
    }

    @Test
    void theManualPagesAreFormattedWithoutAWarning() throws Exception {
        assumeTrue(has("man"), "man is not here");
        for (final Path page : manualPages()) {
            assertThat(check("sh", "-c", "man --warnings -l \"$1\" 2>&1 >/dev/null", "sh", page.toString()))
                    .as(page.toString())
                    .isEmpty();
        }
    }

    @Test
    void eachManualPageHasExitCodesAndNamesAllOthers() throws Exception {
        final List<Path> pages = manualPages();
        assertThat(pages).hasSizeGreaterThan(8);
        for (final Path page : pages) {
            final String text = check("gzip", "-dc", page.toString()).replace("\\-", "-");
            assertThat(text).as(page.toString()).containsIgnoringCase(".SH \"EXIT STATUS\"");
            final String seeAlso = text.substring(text.indexOf(".SH \"SEE ALSO\""));
            for (final Path other : pages) {
                final String[] name =
                        String.valueOf(other.getFileName()).replace(".gz", "").split("\\.(?=[0-9]$)", -1);
                assertThat(seeAlso).as(page.toString()).contains("\\fB" + name[0] + "\\fP(" + name[1] + ")");
            }
        }
    }

    private static List<Path> manualPages() throws IOException {
        try (Stream<Path> pages = Files.walk(root.resolve("usr/share/man"))) {
            return pages.filter(Files::isRegularFile).toList();
        }
    }

    @Test
    void bashCompletesCommandsAndOptions() throws Exception {
        assumeTrue(has("bash"), "bash is not here");
        assertThat(completions("um")).containsExactly("umount");
        assertThat(completions("status --js")).containsExactly("--json");
    }

    @Test
    void bashCompletesMountOptionsAndTheirValues() throws Exception {
        assumeTrue(has("bash"), "bash is not here");
        assertThat(completions("mount -o allow")).containsExactly("allow_other");
        assertThat(completions("mount -o ro,ca")).containsExactly("ro,cache=");
        // bash replaces only the part of a word behind the last "=".
        assertThat(completions("doctor -o ro,cache=")).containsExactly("none", "open", "loose");
        assertThat(completions("mount -o driver=u")).containsExactly("uio");
    }

    @Test
    void bashCompletesTagsAndMountedDirectories() throws Exception {
        assumeTrue(has("bash"), "bash is not here");
        assertThat(completions("mount -o ro sh")).containsExactly("share");
        assertThat(completions("mount ")).contains("share", "data", "qemu:", "unix:");
        assertThat(completions("umount -l /mnt/")).containsExactly("/mnt/share", "/mnt/a\\ b");
        assertThat(completions("status /mnt/s")).containsExactly("/mnt/share");
        assertThat(completions("restart /mnt/share /mnt/a")).containsExactly("/mnt/a\\ b");
    }

    /** Checks that ninepin-mount(1), the completion and the program have the same options. */
    @Test
    void mountOptionsAreTheSameEverywhere() throws Exception {
        assumeTrue(has("bash"), "bash is not here");
        final String page = Files.readString(Path.of("src/main/man/ninepin-mount.adoc"));
        final List<String> documented = page.substring(
                        page.indexOf("== Mount options"), page.indexOf("== Separate attaches"))
                .lines()
                .filter(line -> line.endsWith("::"))
                .flatMap(line ->
                        Pattern.compile("\\*+([a-z][a-z_]*=?)").matcher(line).results())
                .map(match -> match.group(1))
                .distinct()
                .toList();
        final List<String> completed = completions("mount -o ");
        assertThat(completed).containsExactlyInAnyOrderElementsOf(documented);
        final Map<String, String> values = Map.of("msize=", "8192", "max_read=", "8192", "idmap=", "b:0:0:1");
        for (final String option : completed) {
            final List<String> offered = option.endsWith("=") ? completions("mount -o " + option) : List.of("");
            for (final String value : offered) {
                final boolean isFree = option.endsWith("=") && value.isEmpty();
                MountOptions.parse("allow_other," + option + (isFree ? values.getOrDefault(option, "1") : value));
            }
        }
    }

    /** Returns bash's completions of the last word of {@code ninepin line}, with two devices and two mounts. */
    private static List<String> completions(final String line) throws Exception {
        return check(
                        "bash",
                        "-c",
                        """
                source "$1"
                ninepin() { echo '{"devices":[{"tag":"share","source":"virtio:share"},{"tag":"data"}]}'; }
                _ninepin_mounted() { printf '%s\\n' /mnt/share '/mnt/a b'; }
                COMP_LINE=$2 COMP_POINT=${#2} COMP_WORDS=($2) COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
                _ninepin_complete
                printf '%s\\n' "${COMPREPLY[@]}"
                """,
                        "bash",
                        root + "/usr/share/bash-completion/completions/ninepin",
                        "ninepin " + line)
                .lines()
                .toList();
    }

    @Test
    void lintianHasNothingToSay() throws Exception {
        assumeTrue(has("lintian"), "lintian is not here");
        assertThat(check("sh", "-c", "lintian --allow-root \"$1\" 2>&1", "sh", deb))
                .isEmpty();
    }

    private static String java() {
        return Path.of(System.getProperty("java.home"), "bin", "java").toString();
    }

    private static boolean has(final String program) throws Exception {
        return run("sh", "-c", "command -v " + program).exitCode() == 0;
    }

    /**
     * Runs a program and returns its standard output. Fails the test, with the program's standard error, if the program
     * fails.
     */
    private static String check(final String... command) throws Exception {
        final Result result = run(command);
        if (result.exitCode() != 0) {
            throw new AssertionError(List.of(command) + " ends with " + result.exitCode() + ": " + result.output());
        }
        return result.output();
    }

    private static Result run(final String... command) throws Exception {
        final Path errors = Files.createTempFile("err", null);
        try {
            final ProcessBuilder builder = new ProcessBuilder(command).redirectError(errors.toFile());
            builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
            final Process process = builder.start();
            process.getOutputStream().close();
            final String output = new String(process.getInputStream().readAllBytes(), UTF_8);
            if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new AssertionError(List.of(command) + " does not end");
            }
            return new Result(
                    process.exitValue(), process.exitValue() == 0 ? output : output + Files.readString(errors));
        } finally {
            Files.delete(errors);
        }
    }
}
