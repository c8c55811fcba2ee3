package dev.ninepin.documents;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.ninepin.cli.Main;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.codegen.docgen.manpage.ManPageGenerator;

/**
 * Writes the manual pages as AsciiDoc, and the completion for bash and zsh. Both are generated from the commands'
 * descriptions and continued by text that is written by hand.
 */
public final class Documents {
    private static final boolean[] QUIET = {};

    /** The sections to take from Picocli's pages, by Picocli's names. The hand-written sections replace its footer. */
    private static final List<String> GENERATED = List.of("name", "synopsis", "description", "options", "arguments");

    private final Path generated;
    private final Path byHand;
    private final Path pages;

    private Documents(final Path generated, final Path byHand, final Path pages) {
        this.generated = generated;
        this.byHand = byHand;
        this.pages = pages;
    }

    /**
     * Writes all of it.
     *
     * @param arguments the directory of the hand-written sections; the directories to write to: for Picocli's pages, for
     *     the manual pages, and for the completion; the hand-written part of the completion; the version
     */
    public static void main(final String... arguments) throws IOException {
        final Path generated = Files.createDirectories(Path.of(arguments[1]));
        final Path pages = Files.createDirectories(Path.of(arguments[2]));
        final Path completions = Files.createDirectories(Path.of(arguments[3]));
        final Documents documents = new Documents(generated, Path.of(arguments[0]), pages);
        final List<CommandLine> programs = Main.programs();
        for (final CommandLine program : programs) {
            if (ManPageGenerator.generateManPage(generated.toFile(), null, QUIET, true, program.getCommandSpec())
                    != 0) {
                throw new IOException("no manual page of " + program.getCommandName());
            }
        }
        documents.correctOptions();
        documents.writePages(arguments[5]);
        final CommandLine ninepin = programs.get(0);
        Files.writeString(
                completions.resolve(ninepin.getCommandName()),
                AutoComplete.bash(ninepin.getCommandName(), ninepin) + Files.readString(Path.of(arguments[4]), UTF_8),
                UTF_8);
    }

    /** Removes the comma that Picocli writes after a single name, and the equals sign after a short option. */
    private void correctOptions() throws IOException {
        try (Stream<Path> all = Files.list(generated)) {
            for (final Path page : all.toList()) {
                final String text = Files.readString(page, UTF_8);
                Files.writeString(
                        page,
                        text.replaceAll("(?m)^(\\*-[^*,]+\\*), ::", "$1::")
                                .replaceAll("(?m)^(\\*-[^*,]+\\*), _", "$1 _")
                                .replaceAll("\\*(-[A-Za-z])\\*=_", "*$1* _"),
                        UTF_8);
            }
        }
    }

    private void writePages(final String version) throws IOException {
        try (Stream<Path> all = Files.list(generated)) {
            for (final Path page : all.toList()) {
                final String file = String.valueOf(page.getFileName());
                Files.writeString(pages.resolve(file), page(file, version), UTF_8);
            }
        }
        // No command describes this page: it is about a file.
        final String configuration = "ninepin.conf";
        Files.writeString(
                pages.resolve(configuration + ".adoc"),
                header(configuration, 5, version) + include(byHand.resolve(configuration + ".adoc"), "") + end(),
                UTF_8);
    }

    private String page(final String file, final String version) {
        final String name = file.substring(0, file.lastIndexOf('.'));
        final StringBuilder page = new StringBuilder(header(name, name.startsWith("mount.") ? 8 : 1, version));
        for (final String section : GENERATED) {
            page.append(include(generated.resolve(file), "tag=picocli-generated-man-section-" + section));
        }
        final Path sections = byHand.resolve(file);
        if (Files.exists(sections)) {
            page.append(include(sections, ""));
        }
        return page.append(end()).toString();
    }

    private String end() {
        return include(byHand.resolve("common/end.adoc"), "");
    }

    private static String header(final String name, final int section, final String version) {
        return "= " + name + "(" + section + ")\n:doctype: manpage\n:manmanual: Ninepin\n:mansource: ninepin " + version
                + "\n:man-linkstyle: pass:[blue R < >]\n\n";
    }

    private static String include(final Path file, final String attributes) {
        return "include::" + file.toAbsolutePath() + "[" + attributes + "]\n\n";
    }
}
