// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.spi.host;

import java.nio.file.Path;
import java.util.List;
import java.util.ServiceLoader;

/**
 * Records the machine this program runs on as a folder that a host can later take as its
 * {@linkplain HostEnvironment#machine() machine}. Found with {@link ServiceLoader}. Stateless.
 */
public interface MachineRecorder {
    /**
     * Records a machine. Reads only, needs no privileges, and goes on when something cannot be read.
     *
     * @param sysRoot where sysfs is, normally {@code /sys}
     * @param target folder to write; made when missing
     * @throws org.vfio4j.uapi.VfioException ENOENT when there is no PCI bus below the root, EEXIST when the target holds a
     *     captured machine already, EIO when the target cannot be written
     */
    Recording record(Path sysRoot, Path target);

    /**
     * What was recorded.
     *
     * @param functions number of PCI functions
     * @param groups number of isolation groups
     * @param unreadable a sentence for everything that could not be read and what stands in its place
     */
    record Recording(int functions, int groups, List<String> unreadable) {
        /** Copies the list. */
        public Recording {
            unreadable = List.copyOf(unreadable);
        }
    }
}
