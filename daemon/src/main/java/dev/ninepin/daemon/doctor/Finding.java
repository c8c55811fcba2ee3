package dev.ninepin.daemon.doctor;

import java.util.Optional;

/**
 * The result of one check of {@link Doctor}.
 *
 * @param verdict the severity
 * @param subject the thing that was checked
 * @param what the result, without a full stop
 * @param remedy the command or action that solves the problem; empty if nothing is to be done
 */
public record Finding(Verdict verdict, String subject, String what, Optional<String> remedy) {
    /** The severity of a finding. */
    public enum Verdict {
        OK("ok"),
        /** Some mounts would not work, but the mount in question does not depend on it. */
        WARN("warn"),
        /** The mount would not work. */
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

    /** Returns a failure if the mount in question needs the missing thing, otherwise a warning. */
    static Finding missing(final boolean needed, final String subject, final String what, final String remedy) {
        return needed ? fail(subject, what, remedy) : warn(subject, what, remedy);
    }

    /** Returns the finding as one line. */
    @Override
    public String toString() {
        return String.format("%-4s  %s: %s", verdict.word(), subject, what)
                + remedy.map(command -> "; to fix it: " + command).orElse("");
    }
}
