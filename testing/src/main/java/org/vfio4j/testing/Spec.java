// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.testing;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Names the checklist lines of the specification that a test proves, for example {@code @Spec("T-017")}.
 *
 * <p>On a method it speaks of that test, on a class of every test in it. A line may be named only by a test that fails when the
 * behaviour is missing.
 */
@Documented
@Inherited
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.METHOD, ElementType.TYPE})
public @interface Spec {

    /** Checklist numbers: the letter of their file, a dash and three digits. */
    String[] value();
}
