// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.vfio4j.ProcessOptions;
import org.vfio4j.Vfio;
import org.vfio4j.VfioOptions;

/** A machine and a program on it for each test; nothing may stay pinned when the program has ended. */
abstract class UapiTestCase {
    /** A function with a DMA engine behind paging hardware, alone in its group. */
    static final String EDU = "0000:00:05.0";
    /** Another one, in another group. */
    static final String OTHER_EDU = "0000:00:06.0";
    /** One behind TCE hardware. */
    static final String TCE_EDU = "0000:00:07.0";
    /** Two functions that share a group. */
    static final String LEFT = "0000:04:01.0";

    static final String RIGHT = "0000:04:02.0";
    /** A function whose sibling has a native driver. */
    static final String NOT_VIABLE = "0000:02:00.0";
    /** A mediated device. */
    static final String MDEV = "83b8f4f2-509f-382f-3c1e-e6bfe0fa1003";

    /** Which way the calls go: {@code process}, straight to the core, or {@code runner}, made by native programs. */
    private static final String DOOR = System.getProperty("vfio4j.conformance.door", "process");

    UapiMachine machine;
    UapiSystem system;
    Program program;

    @BeforeEach
    final void start() {
        machine = DOOR.equals("runner") ? new AgentMachine(options()) : new InProcessMachine(Vfio.open(options()));
        system = newSystem(ProcessOptions.root());
        program = new Program(system);
    }

    /** How the machine is started. */
    VfioOptions options() {
        return VfioOptions.defaults().withHost("embedded");
    }

    /** Another program on the machine; it ends with the machine. */
    final UapiSystem newSystem(ProcessOptions options) {
        return machine.newProgram(options);
    }

    @AfterEach
    final void end() {
        system.close();
        var pinned = machine.pinnedPages();
        machine.close();
        assertThat(pinned.orElse(0)).as("pages pinned after the program ended").isZero();
    }

    final String groupPath(String device) {
        return machine.groupPath(device);
    }

    final String nodePath(String device) {
        return machine.nodePath(device);
    }
}
