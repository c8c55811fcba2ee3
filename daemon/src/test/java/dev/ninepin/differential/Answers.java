package dev.ninepin.differential;

import java.util.List;

/**
 * The results of a sequence on one side.
 *
 * @param calls for each call {@code ok} and its result, or an errno
 * @param tree a line for each file that exists at the end
 */
record Answers(List<String> calls, List<String> tree) {}
