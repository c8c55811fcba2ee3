package dev.ninepin.daemon;

import java.util.Optional;

/**
 * What one check of {@link Doctor} found.
 *
 * @param verdict how bad it is
 * @param subject what was looked at
 * @param what what was found, without a full stop
 * @param remedy the command that mends it, or what a person has to do; none where nothing is to be done
 */
public record Finding(Verdict verdict, String subject, String what, Optional<String> remedy) {
    /** How bad it is, and how it is shown. */
    public enum Verdict {
        OK("ok"),
        /** A mount works, but some other mount would not. */
        WARN("warn"),
        /** A mount does not work. */
        FAIL("FAIL");

        private final String word;

        Verdict(final String word) {
            this.word = word;
        }

        public String word() {
            return word;
        }
    }

    static Finding ok(final String subject, final String what) {
        return new Finding(Verdict.OK, subject, what, Optional.empty());
    }

    static Finding warn(final String subject, final String what, final String remedy) {
        return new Finding(Verdict.WARN, subject, what, Optional.of(remedy));
    }

    static Finding fail(final String subject, final String what, final String remedy) {
        return new Finding(Verdict.FAIL, subject, what, Optional.of(remedy));
    }

    /** {@link #fail} where the mount that is asked about needs it, else {@link #warn}. */
    static Finding missing(final boolean needed, final String subject, final String what, final String remedy) {
        return needed ? fail(subject, what, remedy) : warn(subject, what, remedy);
    }

    /** One line. */
    @Override
    public String toString() {
        return String.format("%-4s  %s: %s", verdict.word(), subject, what)
                + remedy.map(command -> "; to mend it: " + command).orElse("");
    }
}
