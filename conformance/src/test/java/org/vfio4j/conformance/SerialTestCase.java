// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.conformance;

import static org.vfio4j.conformance.Program.require;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.vfio4j.VfioOptions;

/** A machine with serial mdevs of which there are two, so that one can take over from the other. */
abstract class SerialTestCase extends UapiTestCase {
    /** Types {@code 1}, {@code 2} twice, and {@code dma} twice. */
    static final String SINGLE = "83b8f4f2-509f-382f-3c1e-e6bfe0fa2001";

    static final String DUAL = "83b8f4f2-509f-382f-3c1e-e6bfe0fa2002";
    static final String OTHER_DUAL = "83b8f4f2-509f-382f-3c1e-e6bfe0fa2003";
    static final String ENGINE = "83b8f4f2-509f-382f-3c1e-e6bfe0fa2004";
    static final String OTHER_ENGINE = "83b8f4f2-509f-382f-3c1e-e6bfe0fa2005";

    @TempDir
    Path folder;

    /** An iommufd that every device of a test is bound to. */
    long iommufd;

    @Override
    final VfioOptions options() {
        var description = folder.resolve("serial.json");
        try {
            Files.writeString(description, """
                    {"name": "serial",
                     "mdev": {
                       "parents": [{"name": "mtty", "ports": 24}],
                       "devices": [
                         {"parent": "mtty", "type": "1", "uuid": "%s"},
                         {"parent": "mtty", "type": "2", "uuid": "%s"},
                         {"parent": "mtty", "type": "2", "uuid": "%s"},
                         {"parent": "mtty", "type": "dma", "uuid": "%s"},
                         {"parent": "mtty", "type": "dma", "uuid": "%s"}]}}
                    """.formatted(SINGLE, DUAL, OTHER_DUAL, ENGINE, OTHER_ENGINE));
        } catch (IOException e) {
            throw new AssertionError("the machine could not be described", e);
        }
        return super.options().withMachine(description);
    }

    @BeforeEach
    final void openIommufd() {
        iommufd = program.open(Program.IOMMU);
    }

    /** Opens a device and binds it; the descriptor. */
    final long bound(String device) {
        long file = program.open(nodePath(device));
        require("BIND", program.bind(file, iommufd));
        return file;
    }

    final SerialProgram serial(String device) {
        return new SerialProgram(system, bound(device));
    }
}
