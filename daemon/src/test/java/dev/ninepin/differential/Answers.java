package dev.ninepin.differential;

import java.util.List;

/**
 * What came of a sequence on one side.
 *
 * @param calls for each call {@code ok} and what it brought, or an errno
 * @param tree a line for each file that was there in the end
 */
record Answers(List<String> calls, List<String> tree) {}
