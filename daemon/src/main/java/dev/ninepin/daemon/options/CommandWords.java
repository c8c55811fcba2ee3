package dev.ninepin.daemon.options;

import dev.ninepin.daemon.host.NinepinException;
import dev.ninepin.daemon.host.ShellText;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * The text form of a command: words separated by spaces and quoted as in a shell ({@code '…'}, {@code "…"}, {@code
 * \x}). Shell variables, patterns and pipes are not supported; {@code sh -c '…'} runs a shell for them.
 */
final class CommandWords {
    /**
     * Splits {@code text} into words.
     *
     * @throws NinepinException with {@code ExitCode.USAGE} if a quote is not closed, or the text has no words
     */
    static List<String> split(final String text) throws NinepinException {
        final List<String> words = new ArrayList<>();
        final StringBuilder word = new StringBuilder();
        boolean inWord = false;
        char quote = 0;
        for (int i = 0; i < text.length(); i++) {
            final char c = text.charAt(i);
            if (c == '\\' && quote != '\'' && i + 1 < text.length()) {
                i++;
                word.append(text.charAt(i));
                inWord = true;
            } else if (quote != 0) {
                if (c == quote) {
                    quote = 0;
                } else {
                    word.append(c);
                }
            } else if (c == '\'' || c == '"') {
                quote = c;
                inWord = true;
            } else if (Character.isWhitespace(c)) {
                if (inWord) {
                    words.add(word.toString());
                    word.setLength(0);
                    inWord = false;
                }
            } else {
                word.append(c);
                inWord = true;
            }
        }
        if (quote != 0) {
            throw NinepinException.usage("the source exec:" + text + " has a quote (" + quote + ") that is not closed");
        }
        if (inWord) {
            words.add(word.toString());
        }
        if (words.isEmpty() || words.get(0).isEmpty()) {
            throw NinepinException.usage("the source exec: needs a command: write exec:'COMMAND ARGUMENT...'");
        }
        return words;
    }

    /** Joins {@code words} to a text that {@link #split} splits into the same words. */
    static String join(final List<String> words) {
        return words.stream().map(ShellText::quote).collect(Collectors.joining(" "));
    }

    private CommandWords() {}
}
