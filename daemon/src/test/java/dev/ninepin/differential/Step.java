package dev.ninepin.differential;

import java.util.List;

/**
 * One system call of one process, written as a line such as {@code 0 open 2 d/a RDWR|CREAT 644}. {@code worker.py}
 * describes the words.
 *
 * @param process the number of the process that makes the call, from 0
 * @param call the name of the call
 * @param arguments the arguments; none is empty or contains a space
 */
record Step(int process, String call, List<String> arguments) {
    Step {
        arguments = List.copyOf(arguments);
    }

    static Step of(final int process, final String call, final Object... arguments) {
        return new Step(
                process, call, List.of(arguments).stream().map(Object::toString).toList());
    }

    static Step parse(final String line) {
        final List<String> words = List.of(line.split(" ", -1));
        return new Step(Integer.parseInt(words.get(0)), words.get(1), words.subList(2, words.size()));
    }

    /** Returns whether the call returns the attributes of a file. */
    boolean isStat() {
        return call.equals("stat") || call.equals("fstat");
    }

    @Override
    public String toString() {
        return arguments.isEmpty() ? process + " " + call : process + " " + call + " " + String.join(" ", arguments);
    }
}
