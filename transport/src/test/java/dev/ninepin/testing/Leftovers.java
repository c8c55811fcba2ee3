package dev.ninepin.testing;

import static java.util.stream.Collectors.toCollection;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * What this process holds at one moment: taken before and after, it shows what was left behind.
 *
 * @param descriptors its open files, each with its number and what it leads to
 * @param threads its threads, by number and name
 * @param children the processes below it, by pid
 */
public record Leftovers(SortedSet<String> descriptors, SortedSet<String> threads, SortedSet<Long> children) {
    /** What is held now, without what the JVM opens for itself whenever it likes. */
    public static Leftovers now() throws IOException {
        return new Leftovers(openDescriptors(), liveThreads(), childProcesses());
    }

    /** Waits until this process holds nothing that it did not hold then; fails and names it if that takes too long. */
    public void awaitNothingNew() {
        // On this thread: Awaitility's own would be new.
        await().pollInSameThread().untilAsserted(() -> {
            final Leftovers now = now();
            assertThat(descriptors).as("file descriptors").containsAll(now.descriptors);
            assertThat(threads).as("threads").containsAll(now.threads);
            assertThat(children).as("processes").containsAll(now.children);
        });
    }

    private static SortedSet<String> openDescriptors() throws IOException {
        return OpenFiles.of(ProcessHandle.current().pid()).entrySet().stream()
                // The listing itself, and the jars that classes come from.
                .filter(file ->
                        !file.getValue().endsWith("/fd") && !file.getValue().endsWith(".jar"))
                .map(file -> file.getKey() + " -> " + file.getValue())
                .collect(toCollection(TreeSet::new));
    }

    private static SortedSet<String> liveThreads() {
        return Thread.getAllStackTraces().keySet().stream()
                // The JDK keeps the thread that waited for a process for a minute, in case of another one.
                .filter(thread -> !thread.getName().startsWith("process reaper"))
                .map(thread -> thread.getId() + " " + thread.getName())
                .collect(toCollection(TreeSet::new));
    }

    private static SortedSet<Long> childProcesses() {
        return ProcessHandle.current().descendants().map(ProcessHandle::pid).collect(toCollection(TreeSet::new));
    }
}
