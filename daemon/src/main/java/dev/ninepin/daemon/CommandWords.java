package dev.ninepin.daemon;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * A command as text: words with spaces between them, quoted as in a shell ({@code '…'}, {@code "…"}, {@code \x}).
 * Nothing else of a shell: no variables, patterns or pipes. Who wants these writes {@code sh -c '…'}.
 */
final class CommandWords {
    /**
     * Takes a command apart.
     *
     * @throws NinepinException if a quote is not closed, or there is no word
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

    /** The text that {@link #split} takes apart into {@code words}. */
    static String join(final List<String> words) {
        return words.stream().map(ShellText::quote).collect(Collectors.joining(" "));
    }

    private CommandWords() {}
}
