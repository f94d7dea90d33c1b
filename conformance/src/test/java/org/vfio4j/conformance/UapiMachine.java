// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.conformance;

import java.util.Optional;
import java.util.OptionalLong;
import org.vfio4j.ProcessOptions;

/**
 * A machine with VFIO devices and the programs on it. Nothing here says who answers them: the core in this process, the core
 * behind another door, or a kernel.
 */
interface UapiMachine extends AutoCloseable {
    /** Starts a program with credentials and limits of its own; it has no descriptors. */
    UapiSystem newProgram(ProcessOptions options);

    /** The node of a device's group. */
    String groupPath(String device);

    /** The node of a device, as sysfs tells it. */
    String nodePath(String device);

    /** Name of the driver that has a device; empty when none has. */
    Optional<String> driver(String device);

    /** Writes a device's name to a driver's {@code bind}; 0 or minus an errno. */
    long bind(String device, String driver);

    /** Writes a device's name to its driver's {@code unbind}; returns when the users are gone. 0 or minus an errno. */
    long unbind(String device);

    /** Pages pinned for devices of this machine now; empty where nobody but the machine can see it. */
    OptionalLong pinnedPages();

    /** Switches the machine off; every program has ended. */
    @Override
    void close();
}
