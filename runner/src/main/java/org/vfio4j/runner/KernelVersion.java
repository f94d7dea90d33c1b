// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner;

import java.util.regex.Pattern;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** The kernel's version, as far as it decides what can be used. */
record KernelVersion(int major, int minor) implements Comparable<KernelVersion> {
    /** The oldest one that has all that is needed; newer features have a replacement where they are used. */
    static final KernelVersion OLDEST = new KernelVersion(5, 14);

    private static final Pattern START = Pattern.compile("(\\d{1,6})\\.(\\d{1,6}).*");

    /** This system's. */
    static KernelVersion running() {
        return parse(System.getProperty("os.version"));
    }

    /**
     * From the text that {@code uname -r} prints.
     *
     * @throws VfioException ENOSYS when it has no version
     */
    static KernelVersion parse(String release) {
        var match = START.matcher(release);
        if (!match.matches()) {
            throw new VfioException(Errno.ENOSYS, "\"" + release + "\" is no version of Linux");
        }
        return new KernelVersion(Integer.parseInt(match.group(1)), Integer.parseInt(match.group(2)));
    }

    /**
     * Refuses one that is too old.
     *
     * @throws VfioException ENOSYS
     */
    void require() {
        if (compareTo(OLDEST) < 0) {
            throw new VfioException(
                    Errno.ENOSYS, "programs can be run on Linux " + OLDEST + " or newer, this is Linux " + this);
        }
    }

    @Override
    public int compareTo(KernelVersion other) {
        return major != other.major ? Integer.compare(major, other.major) : Integer.compare(minor, other.minor);
    }

    @Override
    public String toString() {
        return major + "." + minor;
    }
}
