package dev.ninepin.daemon.options;

import dev.ninepin.daemon.host.NinepinException;
import dev.ninepin.share.id.IdMap;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A parser for all {@code idmap=} options of a list. Not thread-safe; each instance parses one list. */
final class IdMapOption {
    /**
     * The form of {@code X-mount.idmap} in mount(8). As in mount(8), a range without a letter is for users and groups.
     */
    private static final Pattern FORM = Pattern.compile("(?:([ugb]):)?([0-9]{1,10}):([0-9]{1,10}):([0-9]{1,10})");

    private final List<IdMap.Range> users = new ArrayList<>();
    private final List<IdMap.Range> groups = new ArrayList<>();

    /**
     * Adds the range of one {@code idmap=} option.
     *
     * @throws NinepinException with {@code ExitCode.USAGE} if the value is invalid
     */
    void add(final String value) throws NinepinException {
        final Matcher parts = FORM.matcher(value);
        if (!parts.matches()) {
            throw wrong(
                    value,
                    "must be TYPE:SERVER:LOCAL:COUNT, with u (users), g (groups) or b (both) for TYPE, and numbers;"
                            + " idmap=u:1000:2000:1 shows the files of server user 1000 as owned by local user 2000");
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
     * Returns the map of all ranges.
     *
     * @param uid the owner shown for every file, if the mount sets one
     * @param gid the group shown for every file, if the mount sets one
     * @throws NinepinException with {@code ExitCode.USAGE} if ranges overlap, or contradict {@code uid} or {@code gid}
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
