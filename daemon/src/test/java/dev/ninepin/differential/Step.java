package dev.ninepin.differential;

import java.util.List;

/**
 * One system call of one process: a line such as {@code 0 open 2 d/a RDWR|CREAT 644}. What its words mean, {@code
 * worker.py} says.
 *
 * @param process which of the sequence's processes makes it, from 0
 * @param call which call it is
 * @param arguments of which none is empty or holds a blank
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

    /** Whether it answers with the attributes of a file. */
    boolean isStat() {
        return call.equals("stat") || call.equals("fstat");
    }

    @Override
    public String toString() {
        return arguments.isEmpty() ? process + " " + call : process + " " + call + " " + String.join(" ", arguments);
    }
}
