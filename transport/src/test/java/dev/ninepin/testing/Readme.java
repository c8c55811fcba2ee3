package dev.ninepin.testing;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The commands of README.md, as printed. The second word behind each fence, which no renderer shows, is the place where a
 * test runs the block: {@code ```sh guest}.
 */
public final class Readme {
    private static final Path FILE = Path.of("..", "README.md");
    private static final Pattern FENCE = Pattern.compile("```(\\w*) ?(\\w*)");

    private Readme() {}

    /** The place where a test runs a block. */
    public enum Place {
        /** A fresh clone, which is the tree that the tests run in. */
        CLONE,
        /** A host with a diod, on {@code /run/diod.sock} and on the host {@code filer}, that exports {@code /srv/share}. */
        HOST,
        /** A guest with a share of the mount tag {@code share}. */
        GUEST,
        /** A host with rpm. */
        RPM
    }

    /** The language of a block. */
    public enum Language {
        /** A command on each line. */
        SH,
        /** Commands behind a prompt, each followed by its output. */
        CONSOLE,
        /** Lines of {@code /etc/fstab}. */
        FSTAB
    }

    /**
     * One block of the page.
     *
     * @param lines all lines between the fences
     */
    public record Block(Language language, Place place, List<String> lines) {
        /** Returns the commands in their order; none for a block of {@code /etc/fstab}. */
        public List<String> commands() {
            return switch (language) {
                case SH ->
                    lines.stream()
                            .filter(line -> !line.isBlank() && !line.startsWith("#"))
                            .toList();
                case CONSOLE ->
                    lines.stream()
                            .filter(line -> line.startsWith("# "))
                            .map(line -> line.substring(2))
                            .toList();
                case FSTAB -> List.of();
            };
        }

        /** Returns the lines that are printed behind {@code command} in a block of {@link Language#CONSOLE}. */
        public String outputOf(final String command) {
            return String.join(
                    "",
                    lines.stream()
                            .skip(lines.indexOf("# " + command) + 1L)
                            .takeWhile(line -> !line.startsWith("# "))
                            .map(line -> line + "\n")
                            .toList());
        }
    }

    /**
     * Returns all blocks, in their order.
     *
     * @throws IllegalArgumentException if a block does not say where it is run, so that no test would run it
     */
    public static List<Block> blocks() throws IOException {
        final List<Block> blocks = new ArrayList<>();
        Matcher open = null;
        List<String> lines = new ArrayList<>();
        for (final String line : Files.readAllLines(FILE)) {
            final Matcher fence = FENCE.matcher(line.strip());
            if (open != null && line.strip().equals("```")) {
                blocks.add(new Block(
                        Language.valueOf(open.group(1).toUpperCase(Locale.ROOT)),
                        Place.valueOf(open.group(2).toUpperCase(Locale.ROOT)),
                        List.copyOf(lines)));
                open = null;
            } else if (open != null) {
                lines.add(line);
            } else if (fence.matches()) {
                open = fence;
                lines = new ArrayList<>();
            }
        }
        return blocks;
    }

    /** Returns the blocks that are run in {@code place}, in their order. */
    public static List<Block> blocks(final Place place) throws IOException {
        return blocks().stream().filter(block -> block.place() == place).toList();
    }

    /** Returns the commands that are run in {@code place}, in their order. */
    public static Stream<String> commands(final Place place) throws IOException {
        return blocks(place).stream().flatMap(block -> block.commands().stream());
    }
}
