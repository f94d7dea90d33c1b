// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.spi.wrong;

import org.vfio4j.Device;

/** Wrong on purpose: an SPI type must not mention the user API. */
public interface SpiThatMentionsUserApi {
    /** A user's object. */
    Device device();
}
