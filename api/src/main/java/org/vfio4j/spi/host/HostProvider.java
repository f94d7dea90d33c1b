// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.spi.host;

import java.util.ServiceLoader;

/** Entry of a host module, found with {@link ServiceLoader}. Stateless. */
public interface HostProvider {
    /** Short name used to choose the host, for example {@code embedded}. */
    String name();

    /** One line for people. */
    String description();

    /** Hosts with a higher number are preferred when none is named. */
    int priority();

    /**
     * Boots the host.
     *
     * @param environment what the host may use
     * @throws org.vfio4j.uapi.VfioException EINVAL with a sentence naming file and line for a bad machine description,
     *     ENOENT when there is none
     */
    Host start(HostEnvironment environment);
}
