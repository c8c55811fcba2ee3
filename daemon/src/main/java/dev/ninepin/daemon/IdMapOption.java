package dev.ninepin.daemon;

import dev.ninepin.share.IdMap;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads {@code idmap=}, which may be given several times. Of use once, by one thread. */
final class IdMapOption {
    /** As {@code X-mount.idmap} of mount(8) has it; there, too, without a letter it is for both. */
    private static final Pattern FORM = Pattern.compile("(?:([ugb]):)?([0-9]{1,10}):([0-9]{1,10}):([0-9]{1,10})");

    private final List<IdMap.Range> users = new ArrayList<>();
    private final List<IdMap.Range> groups = new ArrayList<>();

    /** One more range. */
    void add(final String value) throws NinepinException {
        final Matcher parts = FORM.matcher(value);
        if (!parts.matches()) {
            throw wrong(
                    value,
                    "must be TYPE:SERVER:HERE:COUNT, with u (users), g (groups) or b (both) for TYPE, and numbers;"
                            + " idmap=u:1000:2000:1 shows what is user 1000's on the server as user 2000's");
        }
        final IdMap.Range range;
        try {
            range = new IdMap.Range(
                    Long.parseLong(parts.group(2)), Long.parseLong(parts.group(3)), Long.parseLong(parts.group(4)));
        } catch (final IllegalArgumentException e) {
            throw wrong(value, String.valueOf(e.getMessage()));
        }
        final String type = parts.group(1) == null ? "b" : parts.group(1);
        if (!type.equals("g")) {
            users.add(range);
        }
        if (!type.equals("u")) {
            groups.add(range);
        }
    }

    /**
     * The map, once all ranges are there.
     *
     * @param uid what every file's owner is shown as, if one is
     * @param gid the same of groups
     */
    IdMap map(final OptionalInt uid, final OptionalInt gid) throws NinepinException {
        if (uid.isPresent() && !users.isEmpty()) {
            throw NinepinException.usage(
                    "uid= shows one owner for all files, so idmap= can't map users: give one of them");
        } else if (gid.isPresent() && !groups.isEmpty()) {
            throw NinepinException.usage(
                    "gid= shows one group for all files, so idmap= can't map groups: give one of them");
        }
        try {
            return new IdMap(users, groups);
        } catch (final IllegalArgumentException e) {
            throw NinepinException.usage("option idmap: " + e.getMessage());
        }
    }

    private static NinepinException wrong(final String value, final String why) {
        return NinepinException.usage("option idmap=" + value + ": " + why);
    }
}
