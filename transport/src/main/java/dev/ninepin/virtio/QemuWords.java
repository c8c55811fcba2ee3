package dev.ninepin.virtio;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** What QEMU wrote to its standard error, and the sentence of it that says why QEMU ended. */
final class QemuWords {
    private static final int KEPT = 10;
    private static final String NOT_AN_ERROR = "(warning|info): .*";

    /** QEMU's name as it begins each line with it. */
    private final String program;

    /** What QEMU puts between its name and an error about an argument: the argument. */
    private final List<String> arguments = new ArrayList<>();

    private final List<String> lines = new ArrayList<>();

    /** @param command QEMU's, with its arguments */
    QemuWords(final String program, final List<String> command) {
        this.program = program + ": ";
        for (int i = 0; i + 1 < command.size(); i++) {
            arguments.add(command.get(i) + " " + command.get(i + 1) + ": ");
        }
    }

    void add(final String line) {
        lines.add(line);
        if (lines.size() > KEPT) {
            lines.remove(0);
        }
    }

    /** The last error and the hints on the lines after it; all of the last lines if none is an error; maybe empty. */
    String reason() {
        int begin = lines.size() - 1;
        while (begin >= 0 && !isError(lines.get(begin))) {
            begin--;
        }
        return lines.subList(Math.max(begin, 0), lines.size()).stream()
                .map(this::withoutArgument)
                .collect(Collectors.joining("; "));
    }

    private boolean isError(final String line) {
        return line.startsWith(program) && !line.substring(program.length()).matches(NOT_AN_ERROR);
    }

    /** A person did not write the argument, and cannot read it. */
    private String withoutArgument(final String line) {
        if (!line.startsWith(program)) {
            return line.strip();
        }
        final String text = line.substring(program.length());
        return arguments.stream()
                .filter(text::startsWith)
                .map(argument -> text.substring(argument.length()))
                .findFirst()
                .orElse(text);
    }
}
